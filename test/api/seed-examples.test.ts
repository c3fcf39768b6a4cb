import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { getRun } from '../../db/queries/runs.ts'
import { type ApiLab, openApiLab } from './support.ts'
import { yearMarket } from '../support/market.ts'
import { EXAMPLES, expectFields, SOURCES, STARTED, STATISTICS, STATUS } from '../support/seed-examples.ts'

/*
 * The examples of the first document that the product was asked for from, sent as they are printed there; and each field
 * that its answers show.
 */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab({ worker: true, market: yearMarket(16) })
})
afterEach(() => lab.clear())
afterAll(() => lab.close())

/** Sends what a line of curl would send. */
async function curl(line: string) {
  const method = /-X (\w+)/.exec(line)?.[1]
  const url = new URL(/"(http:[^"]+)"/.exec(line)?.[1] ?? '')
  const header = /-H "([^:]+): ([^"]+)"/.exec(line)
  const body = /-d '([^']+)'/.exec(line)?.[1]
  const response = await lab.app.request(url, {
    ...(method && { method }),
    headers: { host: url.host, ...(header && { [header[1] ?? '']: header[2] ?? '' }) },
    ...(body && { body }),
  })
  const answer = (await response.json()) as { data: { job_id: string } & Record<string, unknown> }
  return { status: response.status, answer }
}

describe('the printed examples', () => {
  test('a full synchronisation, its status and that of the sources', async () => {
    const { status, answer } = await curl(EXAMPLES.full)
    expect(status).toBe(200)
    expectFields(answer, {
      ...STARTED,
      data: { ...STARTED.data, parameters: { force: false, preferred_sources: ['tushare'] } },
    })
    expect((await lab.until(answer.data.job_id)).status).toBe('success')
    const now = await curl(EXAMPLES.status)
    expectFields(now.answer, STATUS)
    const [listed] = await lab.db.sql<{ n: number }[]>`
      select count(*)::int as n from instrument where kind = 'stock' and (delist_date is null or delist_date > '2026-11-20')`
    expect(now.answer.data).toMatchObject({
      status: 'success',
      errors: 0,
      total: listed?.n,
      data_sources_used: expect.arrayContaining(['stock_list:tushare', 'daily_basic:tushare']) as string[],
    })
    const { inserted, updated } = now.answer.data
    expect(now.answer.data['source_stats']).toMatchObject({ tushare: { inserted, updated, errors: 0 } })
    const sources = await curl(EXAMPLES.sources)
    expectFields(sources.answer, SOURCES)
  })

  test('an incremental one, and the statistics of its bars', async () => {
    const { status, answer } = await curl(EXAMPLES.incremental)
    expect(status).toBe(200)
    expectFields(answer, {
      ...STARTED,
      data: { ...STARTED.data, parameters: { days_back: 7, periods: ['daily'], data_sources: ['tushare'] } },
    })
    // The lab's clock stands at Sunday, 2026-11-22: the days back hold the sessions of one week.
    const run = await lab.until(answer.data.job_id)
    expect([run.job, run.status, run.lastTradeDate]).toEqual(['daily_incremental', 'success', '2026-11-20'])
    const { body } = await lab.get<typeof STATISTICS>('/api/multi-period-sync/statistics')
    expectFields(body, STATISTICS)
    const rows = await lab.db.sql<{ period: string; n: number; first: string }[]>`
      select period, count(*)::int as n, min(trade_date)::text as first from bars group by 1 order by 1`
    const [days, , weeks] = rows
    expect(days?.first).toBe('2026-11-16')
    const { daily, weekly } = body.data.period_statistics
    expect(daily.tushare).toEqual({ count: days?.n, latest_date: '2026-11-20' })
    expect(weekly.tushare).toEqual({ count: weeks?.n, latest_date: '2026-11-20' })
  })

  test('some stocks over two periods', async () => {
    const { status, answer } = await curl(EXAMPLES.symbols)
    expect(status).toBe(200)
    expectFields(answer, STARTED)
    expect(answer.data['parameters']).toMatchObject({
      symbols: ['000001.SZ', '600000.SH', '300750.SZ'],
      periods: ['daily', 'weekly'],
    })
  })
})

describe('the starts of bars of several periods', () => {
  // The lab's clock stands at 2026-11-22 in Shanghai.
  test.each([
    ['start-incremental', undefined, 'daily_incremental', {}],
    [
      'start-incremental',
      { periods: ['weekly'], days_back: 30 },
      'daily_incremental',
      { days_back: 30, periods: ['weekly'] },
    ],
    ['start-full', {}, 'daily_history', { start_date: '2025-11-22' }],
    [
      'start-full',
      {
        symbols: ['600000'],
        start_date: '2026-01-05',
        end_date: '2026-01-09',
        data_sources: ['akshare', 'tushare'],
      },
      'daily_history',
      {
        symbols: ['600000.SH'],
        start_date: '2026-01-05',
        end_date: '2026-01-09',
        preferred_sources: ['tushare'],
      },
    ],
    [
      'start-full',
      { end_date: '2020-12-31', periods: ['daily'] },
      'daily_history',
      { start_date: '2020-01-01', end_date: '2020-12-31' },
    ],
    [
      'start-all-history',
      { periods: ['monthly', 'daily'] },
      'daily_history',
      { periods: ['daily', 'monthly'] },
    ],
    [
      'start-all-history',
      { symbols: null, start_date: '2020-01-02' },
      'daily_history',
      { start_date: '2020-01-02' },
    ],
  ])('%s with %j', async (path, body, job, params) => {
    const answer = await lab.post<{ data: { job_id: string } }>(`/api/multi-period-sync/${path}`, body)
    expect([answer.status, answer.body]).toMatchObject([200, { success: true }])
    expect(await getRun(lab.db, answer.body.data.job_id)).toMatchObject({ job, params })
  })

  test.each([
    ['start-incremental', { days_back: 0 }, /days_back/],
    ['start-incremental', { start_date: '2026-01-05' }, /start_date: is not known/],
    ['start-full', { data_sources: ['yahoo'] }, /"yahoo" is no source/],
    ['start-full', { start_date: '2026-01-09', end_date: '2026-01-05' }, /end_date: lies before/],
    ['start-all-history', { periods: ['hourly'] }, /periods\[0\]: must be one of/],
  ])('%s refuses %j', async (path, body, message) => {
    const answer = await lab.post(`/api/multi-period-sync/${path}`, body)
    expect([answer.status, answer.body]).toMatchObject([400, { success: false, data: null }])
    expect(answer.body['message']).toMatch(message)
  })

  test('while one is under way another one is refused, naming it, unless it is forced', async () => {
    const first = await lab.post<{ data: { job_id: string } }>('/api/multi-period-sync/start-all-history')
    const second = await lab.post('/api/multi-period-sync/start-incremental', { days_back: 7 })
    expect(second.status).toBe(429)
    expect(second.body['message']).toContain(first.body.data.job_id)
    expect((await lab.post('/api/multi-period-sync/start-full', { force: true })).status).toBe(200)
    expect((await getRun(lab.db, first.body.data.job_id))?.status).toBe('cancelled')
  })
})

interface Page {
  data: {
    records: Record<string, unknown>[]
    total: number
    page: number
    page_size: number
    has_more: boolean
  }
}

describe('what was done before', () => {
  const get = async (path: string) => (await lab.get<Page>(path)).body.data

  test('the history shows the newest runs first, by pages and filters, as their status shows them', async () => {
    const [known] = await lab.db.sql<{ n: number }[]>`select count(*)::int as n from sync_run`
    const { records, ...first } = await get('/api/sync/history')
    expect(first).toEqual({ total: known?.n, page: 1, page_size: 10, has_more: (known?.n ?? 0) > 10 })
    expectFields(records[0], {
      ...STATUS.data,
      last_trade_date: null,
      source_stats: {},
      data_sources_used: [],
      job_id: '',
    })
    const pages: unknown[] = []
    for (let page = 1, more = true; more; page++) {
      const next = await get(`/api/sync/history?page=${page}&page_size=3`)
      pages.push(...next.records.map((record) => record['job_id']))
      more = next.has_more
    }
    const all = await lab.db.sql<{ id: string }[]>`select id from sync_run order by created_at desc, id desc`
    expect(pages).toEqual(all.map(({ id }) => id))
    const [one, ...others] = (await get('/api/sync/history?job=stock_basics&status=success')).records
    expect(others).toEqual([])
    expect(
      (await curl(`${EXAMPLES.status.slice(0, -1)}?job_id=${String(one?.['job_id'])}"`)).answer.data,
    ).toEqual(one)
  })

  test('the log shows the newest lines first, of one run, one level or since a moment', async () => {
    const [run] = await lab.db.sql<
      { id: string }[]
    >`select id from sync_run where job = 'stock_basics' and status = 'success'`
    const id = run?.id ?? ''
    await lab.db.sql`insert into sync_log (run_id, level, message, at) values
      (${id}, 'warn', 'older', '2026-01-05T08:00:00Z'), (${id}, 'error', 'newer', '2026-01-05T09:00:00+00')`
    const of = async (query: string) =>
      (await get(`/api/sync/logs?job_id=${id}&page_size=200&${query}`)).records.map(({ message }) => message)
    const all = await of('')
    expect(all.slice(0, 2)).toEqual(['newer', 'older'])
    expect(all.at(-1)).toMatch(/^stock_basics started/)
    expect(await of('level=ERROR')).toEqual(['newer'])
    expect(await of('level=warning')).toContain('older')
    expect(await of('level=warning')).not.toContain('newer')
    const since = await of('since=2026-01-05T08:30:00Z')
    expect([since.includes('newer'), since.includes('older')]).toEqual([true, false])
    expect(await of('since=2026-01-05T17:00:00%2B08:00')).toEqual(since)
    expect(await of('since=2026-01-05')).toEqual(all)
    const { records, ...page } = await get(`/api/sync/logs?job_id=${id}&page=2&page_size=1`)
    expect([records.map(({ message }) => message), page]).toEqual([
      ['older'],
      { total: all.length, page: 2, page_size: 1, has_more: true },
    ])
    for (const wrong of ['since=yesterday', 'level=loud', 'page=0', 'job_id=17'])
      expect((await lab.get(`/api/sync/logs?${wrong}`)).status).toBe(400)
  })
})

test('a full synchronisation that finds nothing to do is done with all stocks, and says so', async () => {
  const first = await lab.run('stock_basics')
  const second = await curl(EXAMPLES.full)
  expect((await lab.until(second.answer.data.job_id)).status).toBe('success')
  expect(first.total).toBeGreaterThan(0)
  expect((await curl(EXAMPLES.status)).answer.data).toMatchObject({
    status: 'success',
    percent: 100,
    total: first.total,
    inserted: 0,
    message: 'nothing to do: nothing is missing that a source could bring',
  })
  const [run] = await lab.db.sql<{ done: number }[]>`
    select symbols_done as done from sync_run where id = ${second.answer.data.job_id}`
  expect(run?.done).toBe(first.total)
})
