import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { wholeMarket } from '../support/lab.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* A run from its plan to its end, seen through the API. The tests follow each other: the market is loaded once. */

let lab: ApiLab

beforeAll(async () => {
  const market = createSandboxMarket({ stocks: 30, years: 1 })
  lab = await openApiLab({ market, worker: true, batchSize: 5 })
})
afterAll(() => lab.close())

interface Page {
  items: Record<string, unknown>[]
  next_cursor: string | null
}
interface Plan {
  calls: number
  cells: number
  ratio: number
  minutes: number
  apis: { api: string; calls: number; lower_bound: number | null; calls_per_minute: number }[]
  stages: { dataset: string; calls: number; batches: number }[][]
  notes: string[]
}

const job = () => ({ job: 'daily_history', params: wholeMarket(lab.market) })
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
    const { body } = await lab.post<Plan>('/api/plan', job())
    expect(body.notes.join()).toContain('run stock_list first')
    expect(body.stages[0]?.map((part) => part.calls)).toEqual([1, 4])
  })
})

test('the service is ready while a worker polls', async () => {
  await expect
    .poll(async () => (await lab.get('/readyz')).body, { timeout: 20_000 })
    .toMatchObject({
      ready: true,
      checks: { postgres: { ok: true }, temporal: { ok: true }, worker: { ok: true } },
    })
})

test('a run of the stock list and the newest valuation ends at 100 % with its sources', async () => {
  const { data } = (await lab.post<{ data: { job_id: string } }>('/api/sync/trigger')).body
  await ended(data.job_id)
  const { body } = await lab.get(`/api/sync/status?job_id=${data.job_id}`)
  expect(body).toMatchObject({
    success: true,
    data: {
      job: 'stock_basics',
      status: 'success',
      job_id: data.job_id,
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
    },
  })
  const status = body['data'] as Record<string, unknown>
  // One more than planned: the calendar of 35 years has a second page.
  expect(status['calls_used']).toBe(8)
  expect(status['inserted']).toBe(
    (status['source_stats'] as { tushare: { inserted: number } }).tushare.inserted,
  )
})

test('a plan writes nothing, and a run carries out exactly that plan', async () => {
  const before = await counts()
  const plan = (await lab.post<Plan>('/api/plan', job())).body
  expect(await counts()).toEqual(before)
  expect(plan.notes).toEqual([expect.stringMatching(/^trade_calendar: known up to /)])
  expect(plan.ratio).toBeGreaterThanOrEqual(1)
  const daily = plan.apis.find((api) => api.api === 'daily')
  expect(daily?.calls_per_minute).toBeCloseTo(485)
  expect(plan.minutes).toBeGreaterThan(0)

  const started = await lab.post<{ id: string; status: string }>('/api/runs', job())
  expect(started.status).toBe(201)
  expect(started.headers.get('location')).toBe(`/api/runs/${started.body.id}`)
  const run = await ended(started.body.id)
  expect(run.status).toBe('success')
  const [facts] = await lab.db.sql`
    select sum(calls) filter (where dataset = 'bars')::int as bars, sum(cells_total)::int as cells
    from sync_batch where run_id = ${run.id}`
  expect(facts).toEqual({ bars: daily?.calls, cells: plan.cells })

  const again = (await lab.post<Plan>('/api/plan', job())).body
  expect(again.cells).toBe(0)
  await lab.db.sql`update source_budget set learned_per_minute = 100, learned_at = now() where api = 'daily'`
  const refreshed = (
    await lab.post<Plan>('/api/plan', {
      job: 'daily_history',
      params: { ...wholeMarket(lab.market), refresh: true },
    })
  ).body
  expect(refreshed.cells).toBe(plan.cells)
  expect(refreshed.apis.find((api) => api.api === 'daily')?.calls_per_minute).toBe(97)
})

test('runs, batches and log lines come in pages that join without gap or overlap', async () => {
  const all = async (path: string): Promise<Record<string, unknown>[]> => {
    const items: Record<string, unknown>[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page: Page = (await lab.get<Page>(`${path}?limit=2${suffix}`)).body
      items.push(...page.items)
      cursor = page.items.length === 0 ? null : page.next_cursor
    }
    return items
  }
  const runs = await all('/api/runs')
  const ids = (await lab.db.sql`select id from sync_run order by created_at desc`).map((row) =>
    String(row['id']),
  )
  expect(runs.map((run) => run['id'])).toEqual(ids)
  const id = ids[0] ?? ''
  const batches = await all(`/api/runs/${id}/batches`)
  expect(batches).toHaveLength(Number(runs[0]?.['batches_total']))
  expect(batches.map((batch) => batch['seq'])).toEqual(batches.map((_, i) => i + 1))
  const logs = await all(`/api/runs/${id}/logs`)
  expect(logs[0]?.['message']).toBe('daily_history started with tushare (priority 1)')
  expect(logs.at(-1)?.['message']).toMatch(/^success: /)
  expect((await lab.get<Page>('/api/failures?open=true')).body.items).toEqual([])
})

interface Event {
  event: string
  id: number
  data: Record<string, unknown>
}

function eventsIn(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const of = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
      return { event: of('event'), id: Number(of('id')), data: JSON.parse(of('data')) as Event['data'] }
    })
}

test('the event stream tells progress, log lines and the end, and goes on behind the last event', async () => {
  const started = await lab.post<{ id: string }>('/api/runs', {
    job: 'daily_history',
    params: { ...wholeMarket(lab.market), refresh: true },
  })
  const { id } = started.body
  const events = eventsIn((await lab.get<string>(`/api/runs/${id}/events`)).text)
  const last = events.at(-1)
  expect(last).toMatchObject({ event: 'state', data: { status: 'success' } })
  const percents = events.filter((e) => e.event === 'progress').map((e) => Number(e.data['percent']))
  expect(percents.at(-1)).toBe(100)
  expect([...percents].sort((a, b) => a - b)).toEqual(percents)
  const lines = events.filter((e) => e.event === 'log')
  const stored = await lab.db.sql`select id from sync_log where run_id = ${id} order by id`
  expect(lines.map((line) => line.id)).toEqual(stored.map((row) => Number(row['id'])))

  const middle = lines[1]?.id ?? 0
  const rest = eventsIn(
    (await lab.get<string>(`/api/runs/${id}/events`, { 'last-event-id': String(middle) })).text,
  )
  expect(rest.filter((e) => e.event === 'log').map((e) => e.id)).toEqual(lines.slice(2).map((e) => e.id))
  const nothing = await lab.get(`/api/runs/${id}/events`, { 'last-event-id': String(last?.id) })
  expect(nothing.status).toBe(204)
})

test('pause, resume and cancel take effect within seconds; force replaces the run that holds the lock', async () => {
  lab.upstream.setFaults([{ kind: 'latency', ms: 1_500, api: 'daily' }])
  const refresh = { job: 'daily_history', params: { ...wholeMarket(lab.market), refresh: true } }
  const { id } = (await lab.post<{ id: string }>('/api/runs', refresh)).body
  await expect
    .poll(async () => Number((await lab.get(`/api/runs/${id}`)).body['cells_done']), { timeout: 20_000 })
    .toBeGreaterThan(0)
  expect((await lab.post(`/api/runs/${id}/pause`)).status).toBe(200)
  await lab.until(id, ['paused'], 8)
  expect((await lab.get('/api/sync/status')).body).toMatchObject({
    data: { status: 'paused', paused: true, job_id: id },
  })
  expect((await lab.post(`/api/runs/${id}/resume`)).status).toBe(200)
  await lab.until(id, ['running'], 8)
  const forced = await lab.post<{ data: { job_id: string } }>('/api/sync/trigger', { force: true })
  expect(forced.status).toBe(200)
  await lab.until(id, ['cancelled'], 1)
  await ended(forced.body.data.job_id)
  lab.upstream.setFaults([])
  expect((await lab.post(`/api/runs/${id}/retry`)).body).toMatchObject({ id, finished_at: null })
  expect((await ended(id)).status).toBe('success')
})
