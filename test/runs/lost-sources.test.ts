import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { forgetBars } from '../support/database.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'

/*
 * What is lost with a source: time, as little as possible, and what no other source has, which must stay known as missing.
 */

// A delisted stock whose key is Tushare's own: BaoStock answers no rows for it, as for any code that it does not know.
const STRANGE = 'T00018.SH'

let lab: Lab

beforeAll(async () => {
  lab = await openLab({
    market: yearMarket(40, { years: 0.5 }),
    baostock: {},
    batchSize: 5,
  })
  await lab.run('stock_list')
})
afterAll(() => lab.close())

beforeEach(async () => {
  lab.upstream.setFaults([])
  lab.baostock.setFaults([])
  await forgetBars(lab.db.sql, 'suspension', 'source_health', 'source_budget')
})

const DOWN = [{ kind: 'http_status', status: 503 } as const]
// Some that paid a dividend and some that did not.
const symbols = () => [
  STRANGE,
  ...lab.market.instruments
    .map(({ code }) => code)
    .filter((code) => !code.endsWith('.BJ') && code !== STRANGE)
    .slice(0, 9),
]
const history = () => ({ ...wholeMarket(lab.market), symbols: symbols() })

async function coveredBy(source: string, dataset: string): Promise<Set<string>> {
  const rows = await lab.db.sql<{ code: string }[]>`
    select c.code from coverage v join instrument_code c on c.instrument_id = v.instrument_id
    where v.source = ${source} and v.dataset = ${dataset}`
  return new Set(rows.map(({ code }) => code))
}

async function log(runId: string): Promise<string[]> {
  const rows = await lab.db.sql<{ message: string }[]>`
    select message from sync_log where run_id = ${runId} order by id`
  return rows.map(({ message }) => message)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('not within 90 s')
    await sleep(10)
  }
}

const rests = (seconds: number) =>
  lab.db.sql`
    insert into source_health (source, site, failures, resting_until, error_class, reason)
    values ('tushare', 'server', 5, now() + make_interval(secs => ${seconds}), 'SourceDown', 'the connection failed')`

/** Sessions end seconds after a run, so logins and logouts are left out. */
function queriesOfBaostock(): number {
  const { login, logout, ...queries } = lab.baostock.stats().byApi
  expect(login?.calls).toBeGreaterThanOrEqual(logout?.calls ?? 0)
  return Object.values(queries).reduce((sum, { calls }) => sum + calls, 0)
}

/** Batches of a dataset with one instrument alone, by who has them. */
const claimsOf = (runId: string, dataset: string, symbol: string) =>
  lab.db.sql<{ source: string; state: string }[]>`
    select claimed_by as source, b.state from sync_batch b join instrument_code c on c.code = ${symbol}
    where run_id = ${runId} and dataset = ${dataset} and c.instrument_id = any(b.instruments)
      and claimed_by is not null and b.state <> 'split' order by seq`

describe('a code that a source of sparse rows does not know', () => {
  test('is not covered by its silence, while a stock without a dividend is', async () => {
    lab.upstream.setFaults(DOWN)
    const run = await lab.run('daily_history', history())
    expect(run.status).toMatch(/^success/)
    const covered = await coveredBy('baostock', 'adj_factor')
    expect(covered).not.toContain(STRANGE)
    const [silent] = await lab.db.sql<{ n: number }[]>`
      select count(*)::int as n from coverage v where dataset = 'adj_factor' and source = 'baostock'
        and not exists (select from adj_factor f where f.instrument_id = v.instrument_id)`
    expect(silent?.n).toBeGreaterThan(0)
    expect((await log(run.id)).join('\n')).toContain('adj_factor of baostock: 1 cell missing in its answers')
  })

  test('comes whole with the next run in which the other source is up, which asks for nothing else', async () => {
    lab.upstream.setFaults(DOWN)
    await lab.run('daily_history', history())
    const before = queriesOfBaostock()
    lab.upstream.setFaults([])
    await lab.db.sql`truncate source_health`
    const run = await lab.run('daily_history', history())
    expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
    expect(await coveredBy('tushare', 'adj_factor')).toEqual(new Set([STRANGE]))
    expect(await barDifferences(lab.db.sql, lab.market, (symbol) => symbol === STRANGE)).toEqual([])
    expect(queriesOfBaostock()).toBe(before)
  })

  test('is tried once more with the source that did not lack it, in the same run', async () => {
    const run = await lab.run('daily_history', {
      ...history(),
      ...{ symbols: [STRANGE], preferred_sources: ['baostock', 'tushare'] },
    })
    expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
    expect(await barDifferences(lab.db.sql, lab.market, (symbol) => symbol === STRANGE)).toEqual([])
    for (const dataset of ['bars', 'adj_factor'])
      expect(await claimsOf(run.id, dataset, STRANGE)).toEqual([
        { source: 'baostock', state: 'done' },
        { source: 'tushare', state: 'done' },
      ])
  })

  test('is not asked for again of those that lacked it, and the run does not wait for the others', async () => {
    lab.upstream.setFaults(DOWN)
    await rests(600)
    const run = await lab.run('daily_history', { ...history(), symbols: [STRANGE] })
    expect(run.status).toMatch(/^success/)
    for (const dataset of ['bars', 'adj_factor'])
      expect(await claimsOf(run.id, dataset, STRANGE)).toEqual([{ source: 'baostock', state: 'done' }])
    const [left] = await lab.db.sql<{ skipped: number }[]>`
      select count(*)::int as skipped from sync_batch where run_id = ${run.id} and state = 'skipped' and stage >= 100`
    expect(left?.skipped).toBe(2)
  })
})

test('what a source adds to a list does not hold up a run while it rests, and is missed at the end', async () => {
  await rests(600)
  const run = await lab.run('stock_list')
  expect([run.status, run.message]).toEqual([
    'success_with_errors',
    expect.stringMatching(/^1 batch failed: rests until .* \(the connection failed\)/),
  ])
  const lines = (await log(run.id)).filter((line) => line.startsWith('stock_list'))
  expect(lines).toContainEqual(
    expect.stringMatching(/^stock_list is left for the end of the run: tushare rests until/),
  )
  await lab.db.sql`truncate source_health`
  await lab.retry(run.id)
  expect(await lab.until(run.id)).toMatchObject({ status: 'success', message: null })
})

test('suspensions of a source that rests are left for the end, and skipped there', async () => {
  await rests(600)
  const run = await lab.run('daily_history', history())
  const lines = await log(run.id)
  const at = (text: string) => lines.findIndex((line) => line.startsWith(text))
  expect(at('suspension is left for the end of the run: tushare rests')).toBeGreaterThan(0)
  expect(at('suspension is left for the end of the run')).toBeLessThan(at('bars begins with baostock'))
  expect(lines.find((line) => /^suspension batch \d+ skipped: rests until/.test(line))).toBeDefined()
})

test('suspensions that come at the end explain what bars lacked before, which is not asked for again', async () => {
  lab.upstream.setFaults([{ kind: 'http_status', status: 503, api: 'suspend_d' }])
  // So that the run is not over before the other one is up.
  lab.baostock.setFaults([{ kind: 'latency', api: 'query_history_k_data_plus', ms: 60_000 }])
  const symbols = lab.market.instruments.map(({ code }) => code).filter((code) => !code.endsWith('.BJ'))
  const id = await lab.start('daily_history', { ...wholeMarket(lab.market), symbols })
  await until(async () => (await log(id)).some((line) => line.startsWith('suspension is left for the end')))
  await until(async () => (await holes()) > 0)
  lab.upstream.setFaults([])
  lab.baostock.setFaults([])
  const run = await lab.until(id)
  expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
  expect(await holes()).toBe(0)
  const [again] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from sync_batch where run_id = ${id} and stage >= 100 and dataset = 'bars'`
  expect(again?.n).toBe(0)
})

async function holes(): Promise<number> {
  const [row] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from coverage_hole where dataset = 'bars' and source = 'tushare'`
  return row?.n ?? 0
}

test('with another source at hand a hiccup is tried again twice, without one three times', async () => {
  const fails = [{ kind: 'http_status', status: 503, api: 'stock_basic' } as const]
  const asked = () => lab.upstream.stats().byApi['stock_basic']?.calls ?? 0
  lab.upstream.setFaults(fails)
  let before = asked()
  await lab.run('stock_list')
  expect(asked() - before).toBe(3)
  await lab.db.sql`truncate source_health`
  before = asked()
  const id = await lab.start('stock_list', { source_mode: 'all' })
  await until(async () => (await log(id)).some((line) => line.includes('tushare rests until')))
  expect(asked() - before).toBe(4)
  lab.upstream.setFaults([])
  expect((await lab.until(id)).status).toBe('success')
})
