import { afterAll, beforeAll, expect, test } from 'vitest'
import { wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { type ApiLab, openApiLab } from './support.ts'

/*
 * What a Prometheus would scrape, against what the tables say.
 */

let lab: ApiLab
beforeAll(async () => {
  lab = await openApiLab({ market: yearMarket(20), worker: true })
  await lab.run('daily_history', wholeMarket(lab.market))
})
afterAll(() => lab.close())

/** Samples by their text before the value. */
async function scrape(): Promise<Map<string, number>> {
  const { text, status, headers } = await lab.get('/metrics')
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, sample = '', value = ''] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      expect({
        line,
        isNumber: /^nan$/i.test(value) || (value !== '' && !Number.isNaN(Number(value))),
      }).toMatchObject({
        isNumber: true,
      })
      return [sample, Number(value)]
    }),
  )
}

test('runs, calls, rows and sessions are those of the tables', async () => {
  const samples = await scrape()
  const [bars] = await lab.db.sql<{ calls: number; inserted: number }[]>`
    select calls::int, inserted::int from sync_run_source where dataset = 'bars'`
  const [complete] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from day_gate where dataset = 'bars' and state = 'complete'`
  expect(samples.get('ashare_sync_runs{job="daily_history",status="success"}')).toBe(1)
  expect(samples.get('ashare_sync_upstream_calls_total{source="tushare",dataset="bars"}')).toBe(bars?.calls)
  expect(samples.get('ashare_sync_rows_total{source="tushare",dataset="bars",outcome="inserted"}')).toBe(
    bars?.inserted,
  )
  expect(samples.get('ashare_sync_sessions{dataset="bars",state="complete"}')).toBe(complete?.n)
  expect(samples.get('ashare_sync_database_up')).toBe(1)
  expect(samples.get('ashare_sync_budget_calls_used{source="tushare",budget="daily",window="day"}')).toBe(
    lab.upstream.stats().byApi.daily?.calls,
  )
})

test('freshness is the midnight in Shanghai of the newest complete session', async () => {
  const { end_date = '' } = wholeMarket(lab.market)
  const samples = await scrape()
  expect(samples.get('ashare_sync_newest_complete_session_timestamp_seconds{dataset="bars"}')).toBe(
    Date.parse(`${end_date}T00:00:00+08:00`) / 1000,
  )
})

test('requests are counted by the pattern of their route, and what is no route makes no series', async () => {
  await lab.get('/api/stocks/600000.SH')
  await lab.get('/api/stocks/600004.SH')
  await lab.get('/nothing/here')
  await lab.get('/nothing/there')
  const samples = await scrape()
  const count = 'ashare_sync_http_request_duration_seconds_count'
  const routes = [...samples].filter(([name]) => name.startsWith(count))
  expect(routes.filter(([name]) => name.includes('/api/stocks/'))).toHaveLength(1)
  expect(routes.filter(([name]) => name.includes('nothing'))).toEqual([])
  expect(samples.get(`${count}{method="any",route="none",status="404"}`)).toBe(2)
})

test('while PostgreSQL is away it says so and still answers', async () => {
  await lab.db.sql`alter table sync_run rename to sync_run_away`
  try {
    const samples = await scrape()
    expect(samples.get('ashare_sync_database_up')).toBe(0)
    expect([...samples.keys()].filter((name) => name.startsWith('ashare_sync_runs'))).toEqual([])
    expect(samples.get('process_start_time_seconds')).toBeGreaterThan(0)
  } finally {
    await lab.db.sql`alter table sync_run_away rename to sync_run`
  }
})
