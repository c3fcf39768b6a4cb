import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* What the API says of coverage, gaps and corrections. The tests follow each other: the market is loaded once. */

let lab: ApiLab
let newest: string
let before: string

beforeAll(async () => {
  lab = await openApiLab({
    market: yearMarket(12),
    worker: true,
    batchSize: 6,
  })
  const { sessions } = lab.market.calendar
  newest = isoDate(sessions[lab.market.lastSession] ?? '')
  before = isoDate(sessions[lab.market.lastSession - 1] ?? '')
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect(run.status).toBe('success')
})
afterAll(() => lab.close())

interface Page<T> {
  items: T[]
  next_cursor: string | null
}
interface Day {
  dataset: string
  date: string
  state: string
  expected: number
  covered: number
  explained: Record<string, number>
  missing: Record<string, number>
}
interface GapView {
  symbol: string
  date: string
  reason: string
  wanted: boolean
  accepted_by: string | null
}

const get = async <T>(path: string) => {
  const { status, body, text } = await lab.get<Page<T>>(path)
  expect({ status, text }).toMatchObject({ status: 200 })
  return body
}
const day = async (date: string, more = '') =>
  (await get<Day>(`/api/coverage?dataset=bars&from=${date}&to=${date}${more}`)).items[0]

/** A stock with a bar on the newest session. */
const traded = async () => {
  const [row] = await lab.db.sql<{ id: number; symbol: string }[]>`
    select instrument_id as id, symbol from bars where trade_date = ${newest} and period = 'daily' order by 1 limit 1`
  return row ?? { id: 0, symbol: '' }
}
const hole = (id: number, date: string, reason: string) =>
  lab.db
    .sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('bars', ${id}, ${date}, 'tushare', ${reason})`

describe('coverage', () => {
  test('goes back date by date, newest first, in pages', async () => {
    const first = await get<Day>(`/api/coverage?dataset=bars&to=${newest}&limit=3`)
    expect(first.items.map(({ state }) => state)).toEqual(['complete', 'complete', 'complete'])
    expect(first.items.slice(0, 2).map(({ date }) => date)).toEqual([newest, before])
    const second = await get<Day>(
      `/api/coverage?dataset=bars&to=${newest}&limit=3&cursor=${first.next_cursor ?? ''}`,
    )
    expect((second.items[0]?.date ?? '') < (first.items[2]?.date ?? '')).toBe(true)
  })

  test('is missing where nobody was asked, and where another source was', async () => {
    const { items } = await get<Day>(`/api/coverage?dataset=daily_basic&from=${newest}&to=${newest}`)
    expect(items).toMatchObject([
      { state: 'missing', covered: 0, missing: { not_covered: items[0]?.expected } },
    ])
    expect(items[0]?.expected).toBeGreaterThan(0)
    expect(await day(newest, '&source=baostock')).toMatchObject({ state: 'missing' })
  })

  test('is partial where a cell is a hole, and complete again once that is explained', async () => {
    const { id } = await traded()
    await hole(id, newest, 'lost')
    const whole = await day(before)
    expect(await day(newest)).toMatchObject({ state: 'partial', missing: { lost: 1 } })
    await lab.db.sql`update coverage_hole set reason = 'absent_upstream'`
    expect(await day(newest)).toMatchObject({
      state: 'complete',
      explained: { absent_upstream: 1 },
      missing: {},
    })
    await lab.db.sql`truncate coverage_hole`
    expect(whole?.state).toBe('complete')
  })

  test('of events is by date, of statements by quarter, of lists not at all', async () => {
    expect(
      (await get<Day>(`/api/coverage?dataset=suspension&from=${newest}&to=${newest}`)).items,
    ).toMatchObject([{ state: 'complete', expected: 1, covered: 1 }])
    const statements = await get<Day>('/api/coverage?dataset=financials&limit=1')
    expect(statements.items.map(({ dataset, date, state }) => `${dataset} ${date} ${state}`)).toEqual(
      ['income', 'balance_sheet', 'cash_flow'].map((dataset) => `${dataset} 2026-09-30 missing`),
    )
    const refused = await lab.get<{ detail: string }>('/api/coverage?dataset=stock_list')
    expect({ status: refused.status, detail: refused.body.detail }).toMatchObject({
      status: 400,
      detail: expect.stringContaining('has no dates') as string,
    })
  })
})

describe('gaps', () => {
  test('are listed newest first in pages, and filtered', async () => {
    const { id, symbol } = await traded()
    await hole(id, newest, 'missing')
    await hole(id, before, 'rejected')
    await hole(id + 1, before, 'missing')
    const all = await get<GapView>('/api/gaps?limit=2')
    expect(all.items.map(({ date, reason }) => [date, reason])).toEqual([
      [newest, 'missing'],
      [before, 'rejected'],
    ])
    const rest = await get<GapView>(`/api/gaps?limit=2&cursor=${all.next_cursor ?? ''}`)
    expect(rest).toMatchObject({ items: [{ date: before, reason: 'missing' }], next_cursor: null })
    expect((await get<GapView>(`/api/gaps?symbol=${symbol}&reason=rejected`)).items).toHaveLength(1)
    expect((await get<GapView>('/api/gaps?source=baostock')).items).toEqual([])
  })

  test('that a person accepts are not asked for again, until they are reopened', async () => {
    const { symbol } = await traded()
    const selection = { dataset: 'bars', symbols: [symbol], from: newest, to: newest }
    const plan = async () =>
      (
        await lab.post<{ cells: number }>('/api/plan', {
          job: 'daily_history',
          params: wholeMarket(lab.market),
        })
      ).body.cells
    const open = await plan()
    expect((await lab.post('/api/gaps/accept', selection)).body).toEqual({ changed: 1 })
    expect((await lab.post('/api/gaps/accept', selection)).body).toEqual({ changed: 0 })
    expect((await get<GapView>('/api/gaps?wanted=false')).items).toMatchObject([
      { symbol, date: newest, wanted: false, accepted_by: 'local' },
    ])
    expect(await plan()).toBe(open - 1)
    expect((await lab.post('/api/gaps/reopen', selection)).body).toEqual({ changed: 1 })
    expect(await plan()).toBe(open)
    await lab.db.sql`truncate coverage_hole`
  })

  test('are accepted only by dates that make sense', async () => {
    const { status, text } = await lab.post('/api/gaps/accept', { dataset: 'bars', from: newest, to: before })
    expect({ status, text }).toMatchObject({
      status: 400,
      text: expect.stringContaining('lies before from') as string,
    })
  })
})

test('quality shows the gate of each date and how many are in which state', async () => {
  const { body } = await lab.get<
    Page<Record<string, unknown>> & { summary: { dataset: string; state: string; dates: number }[] }
  >('/api/quality?dataset=bars&limit=1')
  expect(body.items).toMatchObject([{ dataset: 'bars', date: newest, state: 'complete', reasons: {} }])
  expect(body.summary).toMatchObject([{ dataset: 'bars', state: 'complete' }])
  const next = await get<{ date: string }>(
    `/api/quality?dataset=bars&limit=1&cursor=${body.next_cursor ?? ''}`,
  )
  expect(next.items[0]?.date).toBe(before)
})

test('agreement and quarantine are listed with their filters', async () => {
  const { id, symbol } = await traded()
  await lab.db
    .sql`insert into agreement (dataset, instrument_id, trade_date, field, source_a, value_a, source_b, value_b, verdict)
    values ('bars', ${id}, ${newest}, 'close', 'tushare', 10.10, 'baostock', 10.2, 'disputed')`
  expect((await get(`/api/agreement?symbol=${symbol}&source=baostock&verdict=disputed`)).items).toMatchObject(
    [{ symbol, date: newest, field: 'close', value_a: '10.10', value_b: '10.2' }],
  )
  expect((await get('/api/agreement?field=open')).items).toEqual([])
  const [run] = await lab.db.sql<{ id: string }[]>`select id from sync_run limit 1`
  await lab.db.sql`insert into quarantine (run_id, dataset, source, symbol, trade_date, reason, raw)
    values (${run?.id ?? ''}, 'bars', 'tushare', ${symbol}, ${newest}, 'high is below low', '{}')`
  expect((await get(`/api/quarantine?run_id=${run?.id ?? ''}&symbol=${symbol}`)).items).toMatchObject([
    { symbol, date: newest, reason: 'high is below low' },
  ])
  expect((await get(`/api/quarantine?to=${before}`)).items).toEqual([])
})

test('revisions say what a value was and what it became, one change after the other', async () => {
  const { symbol } = await traded()
  const date = newest.replaceAll('-', '')
  const span = { symbols: [symbol], start_date: newest, end_date: newest, refresh: true }
  const [bar] = [...lab.market.truthBars(symbol)].slice(-1)
  const high = Number(bar?.high)
  const highs = [high, high + 0.01, high + 0.03].map((value) => value.toFixed(2))
  for (const value of highs.slice(1)) {
    lab.market.correct(symbol, date, { high: Math.round(Number(value) * 100) })
    expect((await lab.run('daily_history', span)).status).toBe('success')
  }
  const { items } = await get<{ changes: Record<string, { old: string; new: string }> }>(
    `/api/revisions?dataset=bars&symbol=${symbol}&from=${newest}&to=${newest}`,
  )
  const changed = items.map(({ changes }) =>
    Object.entries(changes).map(([field, change]) => [
      field,
      Number(change.old).toFixed(2),
      Number(change.new).toFixed(2),
    ]),
  )
  expect(changed).toEqual([[['high', highs[1], highs[2]]], [['high', highs[0], highs[1]]]])
})
