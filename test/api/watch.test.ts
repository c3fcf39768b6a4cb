import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf, itemsOf, responseOf, type RunEvent, runEvents } from '../../client/index.ts'
import type { RunParams } from '../../market/run-params.ts'
import { wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { type ApiLab, collect, openApiLab } from './support.ts'

/* A run from its plan to its end, seen through the API. The tests follow each other: the market is loaded once. */

let lab: ApiLab

beforeAll(async () => {
  const market = yearMarket(30)
  lab = await openApiLab({ market, worker: true, batchSize: 5 })
})
afterAll(() => lab.close())

const job = (more: RunParams = {}) => ({
  job: 'daily_history' as const,
  params: { ...wholeMarket(lab.market), ...more },
})
const planOf = (json: ReturnType<typeof job>) => answerOf(lab.http.api.plan.$post({ json }))
const start = (json: ReturnType<typeof job>) => answerOf(lab.http.api.runs.$post({ json }))
const ended = (id: string) => lab.until(id)
const counts = async () =>
  (
    await lab.db
      .sql`select (select count(*) from sync_run)::int as runs, (select count(*) from sync_batch)::int as batches,
      (select count(*) from instrument)::int as instruments, (select count(*) from sync_log)::int as logs,
      (select count(*) from source_budget)::int as budgets`
  )[0]

describe('before anything was started', () => {
  test('the status is idle, with every field', async () => {
    const { status, body } = await lab.get('/api/sync/status')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      success: true,
      data: {
        job: null,
        status: 'idle',
        job_id: null,
        total: 0,
        percent: 0,
        paused: false,
        source_stats: {},
      },
    })
  })

  test('a plan of bars says that the list must come first', async () => {
    const { notes, stages } = await planOf(job())
    expect(notes.join()).toContain('run stock_list first')
    expect(stages[0]?.map((part) => part.calls)).toEqual([1, 4])
  })
})

test('the service is ready while a worker polls', async () => {
  await expect
    .poll(async () => (await lab.get('/readyz')).body, { timeout: 60_000 })
    .toMatchObject({
      ready: true,
      checks: { postgres: { ok: true }, temporal: { ok: true }, worker: { ok: true } },
    })
})

test('a run of the stock list and the newest valuation ends at 100 % with its sources', async () => {
  const { sync } = lab.http.api
  const { job_id } = (await answerOf(sync.trigger.$post())).data
  await ended(job_id)
  const { data: status } = await answerOf(sync.status.$get({ query: { job_id } }))
  expect(status).toMatchObject({
    job: 'stock_basics',
    status: 'success',
    job_id,
    errors: 0,
    percent: 100,
    eta_seconds: null,
    paused: false,
    data_sources_used: [
      'daily_basic:tushare',
      'stock_list:tushare',
      'suspension:tushare',
      'trade_calendar:tushare',
    ],
  })
  // One more than planned: the calendar of 35 years has a second page.
  expect(status.calls_used).toBe(8)
  expect(status.inserted).toBe(status.source_stats['tushare']?.inserted)
})

test('a plan writes nothing, and a run carries out exactly that plan', async () => {
  const before = await counts()
  const plan = await planOf(job())
  expect(await counts()).toEqual(before)
  expect(plan.notes).toEqual([expect.stringMatching(/^trade_calendar: known up to /)])
  expect(plan.ratio).toBeGreaterThanOrEqual(1)
  const daily = plan.apis.find((api) => api.api === 'daily')
  expect(daily?.calls_per_minute).toBeCloseTo(485)
  expect(plan.minutes).toBeGreaterThan(0)

  const started = await responseOf(lab.http.api.runs.$post({ json: job() }))
  expect(started.status).toBe(201)
  const { id } = await started.json()
  expect(started.headers.get('location')).toBe(`/api/runs/${id}`)
  const run = await ended(id)
  expect(run.status).toBe('success')
  const [facts] = await lab.db.sql`
    select sum(calls) filter (where dataset = 'bars')::int as bars, sum(cells_total)::int as cells
    from sync_batch where run_id = ${run.id}`
  expect(facts).toEqual({ bars: daily?.calls, cells: plan.cells })

  const again = await planOf(job())
  expect(again.cells).toBe(0)
  await lab.db.sql`update source_budget set learned_per_minute = 100, learned_at = now() where api = 'daily'`
  const refreshed = await planOf(job({ refresh: true }))
  expect(refreshed.cells).toBe(plan.cells)
  expect(refreshed.apis.find((api) => api.api === 'daily')?.calls_per_minute).toBe(97)
})

test('runs, batches and log lines come in pages that join without gap or overlap', async () => {
  const api = lab.http.api.runs
  const limit = '2'
  const runs = await collect(itemsOf((at) => api.$get({ query: { limit, ...at } })))
  const ids = (await lab.db.sql`select id from sync_run order by created_at desc`).map((row) =>
    String(row['id']),
  )
  expect(runs.map((run) => run.id)).toEqual(ids)
  const param = { id: ids[0] ?? '' }
  const one = api[':id']
  const batches = await collect(itemsOf((at) => one.batches.$get({ param, query: { limit, ...at } })))
  expect(batches).toHaveLength(runs[0]?.batches_total ?? 0)
  expect(batches.map((batch) => batch.seq)).toEqual(batches.map((_, i) => i + 1))
  const logs = await collect(itemsOf((at) => one.logs.$get({ param, query: { limit, ...at } })))
  expect(logs[0]?.message).toBe('daily_history started with tushare (priority 1)')
  expect(logs.at(-1)?.message).toMatch(/^success: /)
  expect((await answerOf(lab.http.api.failures.$get({ query: { open: 'true' } }))).items).toEqual([])
})

test('the event stream tells progress, log lines and the end, and goes on behind the last event', async () => {
  const { id } = await start(job({ refresh: true }))
  const events = await collect(runEvents(lab.http, id))
  const last = events.at(-1)
  expect(last).toMatchObject({ type: 'state', data: { status: 'success' } })
  const percents = events.filter((e) => e.type === 'progress').map((e) => e.data.percent)
  expect(percents.at(-1)).toBe(100)
  expect([...percents].sort((a, b) => a - b)).toEqual(percents)
  const linesIn = (all: readonly RunEvent[]) => all.filter((e) => e.type === 'log').map((line) => line.id)
  const lines = linesIn(events)
  const stored = await lab.db.sql`select id from sync_log where run_id = ${id} order by id`
  expect(lines).toEqual(stored.map((row) => Number(row['id'])))

  const rest = await collect(runEvents(lab.http, id, { lastEventId: lines[1] ?? 0 }))
  expect(linesIn(rest)).toEqual(lines.slice(2))
  const header = { 'last-event-id': String(last?.id) }
  const nothing = await lab.http.api.runs[':id'].events.$get({ param: { id }, header })
  expect(nothing.status).toBe(204)
})

test('the time left is that of the rate since the last pause; there is none while what has come is verified', async () => {
  const [run] = await lab.db.sql<{ id: string }[]>`
    update sync_run set status = 'running', phase = 'syncing', resumed_at = clock_timestamp() - interval '0.3 s',
      cells_done = cells_total - 1000
    where id = (select id from sync_run order by created_at desc limit 1) returning id`
  const id = run?.id ?? ''
  const now = async () => {
    const { phase, eta_seconds } = await answerOf(lab.http.api.runs[':id'].$get({ param: { id } }))
    return { phase, eta_seconds }
  }
  // All of its batches are older.
  expect(await now()).toEqual({ phase: 'syncing', eta_seconds: null })
  // 50 cells in a tenth of a second.
  await lab.db.sql`
    update sync_batch set cells_total = 50, cells_done = 50, started_at = r.resumed_at + interval '0.1 s',
      finished_at = r.resumed_at + interval '0.2 s'
    from sync_run r where r.id = run_id and run_id = ${id} and seq = 1`
  expect(await now()).toEqual({ phase: 'syncing', eta_seconds: 2 })
  await lab.db.sql`update sync_run set phase = 'verifying', cells_done = cells_total where id = ${id}`
  expect(await now()).toEqual({ phase: 'verifying', eta_seconds: null })
  await lab.db.sql`update sync_run set status = 'success' where id = ${id}`
  expect((await now()).phase).toBeNull()
})

test('pause, resume and cancel take effect while an answer is awaited; force replaces the run that holds the lock', async () => {
  // One answer comes at once, the others when the faults are taken back.
  lab.upstream.setFaults([{ kind: 'latency', ms: 60_000, api: 'daily', from: 2 }])
  const { id } = await start(job({ refresh: true }))
  const run = lab.http.api.runs[':id']
  const param = { id }
  await expect
    .poll(async () => (await answerOf(run.$get({ param }))).cells_done, { timeout: 60_000 })
    .toBeGreaterThan(0)
  await answerOf(run.pause.$post({ param }))
  await lab.until(id, ['paused'])
  const { sync } = lab.http.api
  expect((await answerOf(sync.status.$get())).data).toMatchObject({
    status: 'paused',
    paused: true,
    job_id: id,
  })
  await answerOf(run.resume.$post({ param }))
  await lab.until(id, ['running'])
  const forced = await answerOf(sync.trigger.$post({ json: { force: true } }))
  await lab.until(id, ['cancelled'])
  await ended(forced.data.job_id)
  lab.upstream.setFaults([])
  expect(await answerOf(run.retry.$post({ param }))).toMatchObject({ id, finished_at: null })
  expect((await ended(id)).status).toBe('success')
})
