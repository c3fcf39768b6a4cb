import type { ScheduleSpec } from '@temporalio/client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { CLEAN_UP_SCHEDULE } from '../../workflows/contract/clean-up.ts'
import type { ScheduledResult } from '../../workflows/contract/schedule.ts'
import { createApp } from '../../api/app.ts'
import { type ApiLab, clientOf, openApiLab } from '../api/support.ts'
import { wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'
import { eventually, runsOf } from './support.ts'

/* Schedules that fire on a real Temporal server: by themselves, one over the other, after a time without server or worker. */

// Saturday, five past one in the night in Beijing; the last session was on Friday.
const SATURDAY_NIGHT = new Date('2026-11-20T17:05:00Z')

let lab: ApiLab
let stopWorker: () => Promise<void>

beforeAll(async () => {
  const market = yearMarket(12)
  const settings = { lockPollMs: 100 }
  const tushare = { timeoutMs: 60_000 }
  lab = await openApiLab({ market, ownTemporal: true, now: () => SATURDAY_NIGHT, settings, tushare })
  stopWorker = await lab.startWorker()
})
afterEach(async () => {
  lab.upstream.setFaults([])
  const { body } = await lab.get<{ jobs: { id: string }[] }>('/scheduler/status')
  for (const { id } of body.jobs) await lab.post(`/scheduler/jobs/${id}/stop`)
})
afterAll(() => lab.close())

const at = (job: string) => lab.client.schedule.getHandle(`schedule/${job}`)
const make = (job: string, params = {}) =>
  lab.post(`/scheduler/jobs/${job}/schedule`, { hour: 4, minute: 44, params })

const setSpec = (job: string, spec: ScheduleSpec) => at(job).update((schedule) => ({ ...schedule, spec }))

/** Has a schedule start once, so many seconds from now, or as many more as the server needs to take that in. */
async function fireIn(job: string, seconds: number): Promise<Date> {
  const then = new Date(Date.now() + seconds * 1_000)
  then.setUTCMilliseconds(0)
  const exactly = {
    second: then.getUTCSeconds(),
    minute: then.getUTCMinutes(),
    hour: then.getUTCHours(),
    dayOfMonth: then.getUTCDate(),
    year: then.getUTCFullYear(),
  }
  await setSpec(job, { calendars: [exactly], timezone: 'UTC' })
  // An update that it comes to only after the time would be too late.
  const isTakenIn = async () =>
    (await at(job).describe()).info.nextActionTimes[0]?.getTime() === then.getTime()
  while (!(await isTakenIn())) if (Date.now() > then.getTime()) return await fireIn(job, 2 * seconds)
  return then
}

const startsOf = async (job: string) =>
  (await at(job).describe()).info.recentActions.map(({ action }) => action.workflow.workflowId)
const endOf = (workflowId: string) =>
  lab.client.workflow.getHandle(workflowId).result() as Promise<ScheduledResult>

test("on Saturday at one in the night Friday's bars come", async () => {
  const { start_date, end_date } = wholeMarket(lab.market)
  expect(end_date).toBe('2026-11-20')
  await lab.run('daily_history', { start_date: start_date ?? '', end_date: '2026-11-19' })
  await make('daily_incremental')
  await at('daily_incremental').trigger()
  const [id = ''] = await eventually(async () => {
    const starts = await startsOf('daily_incremental')
    return starts.length > 0 && starts
  }, 'the start')
  const result = await endOf(id)
  expect(result.outcome).toBe('success')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
  const { body } = await lab.get<{ jobs: { id: string; last_run: object }[] }>('/scheduler/status')
  expect(body.jobs.find(({ id: key }) => key === 'daily_incremental')?.last_run).toMatchObject({
    workflow_id: id,
    run_id: result.runId,
    status: 'success',
  })
})

test('a run that is longer than its interval is never doubled, and the start that waits comes after it', async () => {
  lab.upstream.setFaults([{ kind: 'latency', api: 'stock_basic', ms: 250 }])
  await make('stock_list', { refresh: true })
  await setSpec('stock_list', { intervals: [{ every: '1s' }] })
  const runs = await eventually(async () => {
    const all = await runsOf(lab, 'stock_list')
    return all.filter(({ status }) => status === 'success').length >= 2 && all
  }, 'two runs')
  await lab.post('/scheduler/jobs/stock_list/stop')
  expect(runs.filter(({ status }) => status !== 'success').length).toBeLessThan(2)
  const spans = await lab.db.sql<{ overlaps: number }[]>`
    select count(*)::int as overlaps from sync_run a join sync_run b on a.id < b.id and a.job = 'stock_list' and b.job = 'stock_list'
      and (a.created_at, coalesce(a.finished_at, 'infinity')) overlaps (b.created_at, coalesce(b.finished_at, 'infinity'))`
  expect(spans[0]?.overlaps).toBe(0)
  await lab.clear()
})

/** At one time, which is still to come. */
async function fireBothIn(seconds: number): Promise<number> {
  const times = await Promise.all(['stock_list', 'stock_basics'].map((job) => fireIn(job, seconds)))
  const [first = 0, last = 0] = times.map((time) => time.getTime()).sort((a, b) => a - b)
  return first > Date.now() + 1_000 ? last : await fireBothIn(2 * seconds)
}

test('a time that passed without a server is made up for once it is back, unless that is too long ago', async () => {
  await make('stock_list', { preferred_sources: ['tushare'] })
  await make('stock_basics')
  const { policies } = await at('stock_list').describe()
  expect(policies).toMatchObject({ catchupWindow: 24 * 3_600_000 })
  // The shortest that Temporal knows.
  await at('stock_basics').update((schedule) => ({ ...schedule, policies: { catchupWindow: '10s' } }))
  const before = (await runsOf(lab, 'stock_list')).length
  const nominal = await fireBothIn(4)
  await lab.temporal.leave(nominal + 10_500 - Date.now())
  const run = await eventually(async () => (await runsOf(lab, 'stock_list'))[before], 'the run')
  expect((await lab.until(run.id)).status).toBe('success')
  expect(Date.parse((await lab.until(run.id)).createdAt)).toBeGreaterThan(nominal + 1_000)
  expect(await runsOf(lab, 'stock_list')).toHaveLength(before + 1)
  const missed = async () => (await at('stock_basics').describe()).info.numActionsMissedCatchupWindow === 1
  await eventually(missed, 'the time that is left out')
  expect(await runsOf(lab, 'stock_basics')).toEqual([])
})

test('a start waits for a worker, and for the lock through the restart of one', async () => {
  await make('stock_basics')
  // The one that has the lock gets its answers when all has been seen.
  lab.upstream.setFaults([{ kind: 'latency', ms: 60_000 }])
  await stopWorker()
  const holder = await lab.start('stock_list', { refresh: true })
  await at('stock_basics').trigger()
  stopWorker = await lab.startWorker()
  await eventually(async () => (await lab.db.sql`select from lock_waiter`).length > 0, 'the waiter')
  const stopped = Date.now()
  await stopWorker()
  expect(Date.now() - stopped).toBeLessThan(30_000)
  stopWorker = await lab.startWorker()
  lab.upstream.setFaults([])
  const [id = ''] = await startsOf('stock_basics')
  expect((await endOf(id)).outcome).toBe('success')
  expect((await lab.until(holder)).status).toBe('success')
  expect(await runsOf(lab, 'stock_basics')).toHaveLength(1)
  expect(await lab.db.sql`select from lock_waiter`).toHaveLength(0)
})

test("the second seed's syncs answer with what came, or with the run when it takes long", async () => {
  const list = await lab.post('/sync')
  expect(list).toMatchObject({
    status: 200,
    body: { success: true, synced_count: 12, data: { synced_count: 12 } },
  })
  const page = await lab.post<{ synced_stocks: number; total_rows: number }>('/sync/daily?limit=2&offset=3')
  expect(page).toMatchObject({ status: 200, body: { synced_stocks: 2 } })
  const [run] = await lab.db.sql<
    { params: object }[]
  >`select params from sync_run order by created_at desc limit 1`
  const symbols = await lab.db.sql<
    { symbol: string }[]
  >`select symbol from stock_best order by symbol limit 2 offset 3`
  expect(run?.params).toEqual({ symbols: symbols.map(({ symbol }) => symbol) })
  expect((await lab.post('/sync/daily?offset=500')).body).toMatchObject({ synced_stocks: 0, total_rows: 0 })

  const hurried = clientOf(createApp({ ...lab.api, settings: { ...lab.api.settings, patienceMs: 0 } }))
  const long = await hurried.post<{ run_id: string }>('/sync')
  expect(long).toMatchObject({ status: 202, body: { success: true } })
  expect((await lab.until(long.body.run_id)).status).toBe('success')
  lab.upstream.setFaults([{ kind: 'bad_token' }])
  const failed = await lab.post('/sync')
  expect(failed).toMatchObject({ status: 500, body: { success: false } })
  expect(failed.body['message']).toContain('token')
})

test('the clean-up is scheduled once, is none of the jobs, and forgets old lines of the log', async () => {
  await lab.db
    .sql`insert into sync_log (at, level, message) values (now() - interval '31 days', 'info', 'an old line')`
  await Promise.all([lab.api.temporal.schedules.keepCleanUp(), lab.api.temporal.schedules.keepCleanUp()])
  const schedule = lab.client.schedule.getHandle(CLEAN_UP_SCHEDULE)
  const [next] = (await schedule.describe()).info.nextActionTimes
  expect(next?.toISOString()).toMatch(/T20:[45]\d:/)
  expect((await lab.get<{ jobs: unknown[] }>('/scheduler/status')).body.jobs).toEqual([])
  await schedule.trigger()
  const old = () => lab.db.sql`select from sync_log where message = 'an old line'`
  await eventually(async () => (await old()).count === 0, 'the end of the old line')
  await schedule.delete()
})
