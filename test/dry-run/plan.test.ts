import { afterAll, beforeAll, expect, test } from 'vitest'
import { planRun } from '../../api/plan-run.ts'
import { describePlan } from '../../api/routes/plan.ts'
import { Command } from 'commander'
import { planLines } from '../../cli/plan-words.ts'
import { type RunOptions, runRequest, withRun } from '../../cli/run-options.ts'
import { toRunParams } from '../../api/schemas/run.ts'
import { JOB_NAMES } from '../../market/jobs.ts'
import { type Bench, NOW, openBench, SESSIONS } from '../import/support.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { fingerprint, planDeps } from './support.ts'

let bench: Bench
let empty: TestDatabase
beforeAll(async () => {
  bench = await openBench()
  empty = await createTestDatabase()
  await bench.db.sql`
    insert into sync_failure (job, dataset, source, instrument_id, symbol, from_date, to_date, error_class, message, run_id)
    select 'daily_history', 'bars', 'tushare', instrument_id, code, '2024-01-03', '2024-01-05', 'Transient', 'timeout', gen_random_uuid()
    from instrument_code where code = '600001.SH'`
})
afterAll(async () => {
  await bench.close()
  await empty.drop()
})

/** The request that the command line makes of its arguments. */
const asked = async (args: string) => {
  const silent = { writeErr: () => undefined, writeOut: () => undefined }
  const command = withRun(new Command('plan').exitOverride().configureOutput(silent))
  command.parse(args.split(' '), { from: 'user' })
  return await runRequest(command.args[0] ?? '', command.opts<RunOptions>())
}

const plan = async (args: string, db: TestDatabase = bench.db) => {
  const { job, params } = await asked(args)
  return describePlan(await planRun(planDeps(db, NOW), job, toRunParams(params)))
}

test('a plan of any job writes nothing and names its calls', async () => {
  const before = [...(await fingerprint(bench.db.sql)), ...(await fingerprint(empty.sql))]

  for (const job of JOB_NAMES) {
    const ofMarket = await plan(job)
    const ofNothing = await plan(job, empty)
    // Nothing has failed there.
    if (job !== 'retry_failures') expect([job, ofNothing.calls > 0]).toEqual([job, true])
    expect(ofMarket.calls).toBe(ofMarket.apis.reduce((sum, { calls }) => sum + calls, 0))
    expect(planLines(job, ofMarket)[0]).toContain(`${job}: ${ofMarket.calls.toLocaleString('en-US')} calls`)
  }

  expect([...(await fingerprint(bench.db.sql)), ...(await fingerprint(empty.sql))]).toEqual(before)
})

test('calls stand against the fewest possible, with the time that the limits take', async () => {
  const { stages, apis } = await plan('daily_history --from 2024-01-02 --to 2024-02-26 --sources tushare')

  expect(stages.at(-1)).toMatchObject([
    { dataset: 'bars', source: 'tushare', calls: 1, cells: 4 * SESSIONS.length, from_date: '2024-01-02' },
    { dataset: 'adj_factor', calls: 1 },
  ])
  expect(apis.find(({ api }) => api === 'daily')).toMatchObject({
    calls: 1,
    lower_bound: 1,
    ratio: 1,
    days_of_quota: null,
  })
})

test('sessions that are read again are part of the plan', async () => {
  const bars = async (args: string) =>
    (await plan(args)).stages.flat().find(({ dataset, source }) => dataset === 'bars' && source === 'tushare')
  await bench.db.sql`
    insert into coverage (dataset, instrument_id, source, ranges) values ('bars', 0, 'tushare', '{[2024-01-02,2024-02-27)}')`
  const asked = 'daily_incremental --from 2024-01-02 --to 2024-02-26'

  expect((await bars(asked))?.cells ?? 0).toBe(0)
  expect(await bars(`${asked} --recheck 5`)).toMatchObject({ cells: 20, to_date: '2024-02-26' })
  await bench.db.sql`delete from coverage`
})

test('what failed is in the plan of its retry, and nothing else', async () => {
  const { stages } = await plan('retry_failures --sources tushare')
  const planned = stages.flat().filter(({ cells }) => cells > 0)
  expect(planned).toMatchObject([{ dataset: 'bars', source: 'tushare', cells: 3, calls: 1 }])
})

test('a budget of which too little is left today is named', async () => {
  const deps = planDeps(bench.db, NOW)
  const account = (await deps.sources()).on.get('baostock')?.account ?? ''
  await bench.db.sql`
    insert into source_budget (source, account, api, day, day_calls)
    values ('baostock', ${account}, 'server', (clock_timestamp() at time zone 'Asia/Shanghai')::date, 39998)`
  const { notes } = await plan('daily_history --sources baostock')
  expect(notes.join('\n')).toMatch(/baostock server: 39998 of \d+ calls of today are used/)
})

test.each([
  ['nothing', /JOB: must be one of/],
  ['daily_history --from 2024-02-30', /--start: /],
  ['daily_history --symbols 600000,abc', /--symbols, number 2: /],
  ['daily_history --sources wind', /--sources, number 1: .*known are/],
  ['weekly --days-back 7', /--days-back: only daily_incremental/],
  ['daily_history --speed 7', /unknown option '--speed'/],
])('%s is refused by its name', async (args, message) => {
  await expect(asked(args)).rejects.toThrow(message)
})
