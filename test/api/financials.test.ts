import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mergeReports } from '../../db/merge-reports.ts'
import { type ApiLab, openApiLab } from './support.ts'

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
  const { sql } = lab.db
  const [row] = await sql<{ id: number }[]>`
    insert into instrument (kind, exchange, board) values ('stock', 'SSE', 'main') returning id`
  const id = row?.id ?? 0
  await sql`insert into instrument_code (instrument_id, code, valid_from, source) values (${id}, '600519.SH', '2001-08-27', 'test')`
  const version = {
    instrument_id: id,
    symbol: '600519.SH',
    period_end: '2024-06-30',
    report_type: '1',
    comp_type: '1',
    ann_date: '2024-08-09',
  }
  await sql.begin((tx) =>
    mergeReports(
      tx,
      'income',
      [
        {
          ...version,
          f_ann_date: '2024-08-09',
          update_flag: '0',
          items: { revenue: 81_931_271_234.56, n_income: 5 },
        },
        { ...version, f_ann_date: '2024-10-30', update_flag: '1', items: { revenue: 81_000_000_000 } },
      ],
      { source: 'tushare', runId: randomUUID(), job: 'test' },
    ),
  )
})
afterAll(() => lab.close())

interface Reports {
  data: { period_end: string; f_ann_date: string; items: Record<string, number> }[]
}
const figures = async (query: string) =>
  (await lab.get<Reports>(`/api/financials?symbol=600519${query}`)).body.data.map(({ items }) => items)

test('the newest version, what was known on a day, and all versions', async () => {
  expect(await figures('')).toEqual([{ revenue: 81_000_000_000 }])
  expect(await figures('&statement=income&as_of=2024-09-01')).toEqual([
    { revenue: 81_931_271_234.56, n_income: 5 },
  ])
  expect(await figures('&as_of=2024-08-08')).toEqual([])
  expect(await figures('&seen_by=2020-01-01')).toEqual([])
  expect(await figures('&versions=all&from=2024-06-30&to=2024-06-30')).toHaveLength(2)
  expect(await figures('&statement=cash_flow')).toEqual([])
})

test('as CSV one line a figure, by format or by what the client accepts', async () => {
  const byFormat = await lab.get('/api/financials?symbol=sh.600519&as_of=2024-09-01&format=csv')
  expect(byFormat.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
  const [head, first, second, ...others] = byFormat.text.split('\r\n')
  expect(head?.endsWith('first_seen_at,field,value,text')).toBe(true)
  expect([first, second, others]).toEqual([
    expect.stringMatching(
      /^600519\.SH,tushare,income,2024-06-30,1,1,2024-08-09,2024-08-09,0,.*Z,(n_income,5|revenue,81931271234\.56),$/,
    ),
    expect.stringMatching(/(n_income,5|revenue,81931271234\.56),$/),
    [''],
  ])
  const accepted = await lab.get('/api/financials?symbol=600519.SH&as_of=2024-09-01', { accept: 'text/csv' })
  expect(accepted.text).toBe(byFormat.text)
})

test.each([
  ['symbol=000001', 404, 'stock_not_found'],
  ['from=2024-06-30', 400, 'invalid_request'],
  ['statement=income', 400, 'invalid_request'],
  ['symbol=ABC', 400, 'invalid_request'],
  ['symbol=600519&statement=nothing', 400, 'invalid_request'],
  ['symbol=600519&as_of=2024-02-30', 400, 'invalid_request'],
  ['symbol=600519&unknown=1', 400, 'invalid_request'],
])('%s is refused with %i', async (query, status, code) => {
  const answer = await lab.get(`/api/financials?${query}`)
  expect([answer.status, answer.body.code]).toEqual([status, code])
})
