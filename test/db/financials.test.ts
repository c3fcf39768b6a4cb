import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { mergeReports, type StagedReport } from '../../db/merge-reports.ts'
import { type FinancialsQuery, readFinancials } from '../../db/queries/financials.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const SYMBOL = '600519.SH'
let db: TestDatabase
let id: number

beforeAll(async () => {
  db = await createTestDatabase()
  const [row] = await db.sql<
    { id: number }[]
  >`insert into instrument (kind, exchange, board) values ('stock', 'SSE', 'main') returning id`
  id = row?.id ?? 0
  await db.sql`insert into instrument_code (instrument_id, code, valid_from, source) values (${id}, ${SYMBOL}, '2001-08-27', 'test')`
})
afterAll(() => db.drop())
beforeEach(() => db.sql`truncate financial_report`)

const version = (differs: Partial<StagedReport>): StagedReport => ({
  instrument_id: id,
  symbol: SYMBOL,
  period_end: '2024-06-30',
  report_type: '1',
  comp_type: '1',
  ann_date: '2024-08-09',
  f_ann_date: '2024-08-09',
  update_flag: '0',
  items: { total_revenue: 100 },
  ...differs,
})

const bring = async (rows: StagedReport[], source = 'tushare') =>
  await db.sql.begin((tx) => mergeReports(tx, 'income', rows, { source, runId: randomUUID(), job: 'test' }))
const read = async (differs: Partial<FinancialsQuery> = {}) =>
  (await readFinancials(db.sql, { symbol: SYMBOL, latest: true, ...differs })) ?? []

test('versions are added and never changed; the same answer again adds none, however its fields are ordered', async () => {
  const [first, corrected] = [version({ items: { a: 1, b: 2 } }), version({ f_ann_date: '2024-10-30' })]
  expect(await bring([first, first])).toEqual({ inserted: 1, updated: 0, unchanged: 0 })
  expect(await bring([version({ items: { b: 2, a: 1 } }), corrected])).toMatchObject({
    inserted: 1,
    unchanged: 1,
  })
  expect(await bring([first, corrected])).toEqual({ inserted: 0, updated: 0, unchanged: 2 })
})

test('what was known on a day is the version that was published by then', async () => {
  await bring([
    version({}),
    version({ f_ann_date: '2024-10-30', update_flag: '1', items: { total_revenue: 98 } }),
  ])
  const revenue = async (asOf: string) => (await read({ asOf })).map(({ items }) => items.total_revenue)
  expect([await revenue('2024-08-08'), await revenue('2024-08-09'), await revenue('2024-10-29')]).toEqual([
    [],
    [100],
    [100],
  ])
  expect([await revenue('2024-10-30'), (await read())[0]?.items]).toEqual([[98], { total_revenue: 98 }])
})

test('twins of one day are one report field by field, the updated one first; older publications add nothing to it', async () => {
  await bring([
    version({ f_ann_date: '2024-08-01', items: { total_revenue: 1, only_before: 5 } }),
    version({ update_flag: '1', items: { total_revenue: 101, ebit: 9 } }),
    version({ update_flag: '0', items: { total_revenue: 100, rd_exp: 7 } }),
  ])
  const [report, ...others] = await read()
  expect(others).toEqual([])
  expect(report).toMatchObject({ update_flag: '1', items: { total_revenue: 101, ebit: 9, rd_exp: 7 } })
  expect(report?.items).not.toHaveProperty('only_before')
})

test('a figure that changed without another date is the one that came last, and was not seen before it came', async () => {
  await bring([version({})])
  await db.sql`update financial_report set first_seen_at = '2024-08-10T00:00:00Z'`
  await bring([version({ items: { total_revenue: 103 } })])
  expect((await read())[0]?.items).toEqual({ total_revenue: 103 })
  expect((await read({ seenBy: '2024-08-11T00:00:00Z' }))[0]?.items).toEqual({ total_revenue: 100 })
  expect(await read({ seenBy: '2024-08-09T00:00:00Z' })).toEqual([])
})

test('one report is of one source, the best that has it; with all versions everything is shown', async () => {
  const other = version({
    comp_type: null,
    ann_date: null,
    f_ann_date: '2024-12-01',
    update_flag: null,
    items: { tr_yoy: 17 },
  })
  await bring([other], 'akshare')
  await bring([{ ...other, items: { roe_avg: 3 } }], 'baostock')
  expect((await read()).map(({ source, items }) => [source, items])).toEqual([['akshare', { tr_yoy: 17 }]])
  await bring([version({})])
  expect((await read()).map(({ source, items }) => [source, items])).toEqual([
    ['tushare', { total_revenue: 100 }],
  ])
  expect((await read({ latest: false })).map(({ source }) => source).sort()).toEqual([
    'akshare',
    'baostock',
    'tushare',
  ])
})

test('periods are bounded, other types of reports are asked for by their number, nobody knows an unknown company', async () => {
  await bring([
    version({}),
    version({ period_end: '2024-03-31', ann_date: '2024-04-20', f_ann_date: '2024-04-20' }),
  ])
  await bring([version({ report_type: '6', items: { total_revenue: 1 } })])
  expect((await read()).map(({ period_end }) => period_end)).toEqual(['2024-06-30', '2024-03-31'])
  expect((await read({ from: '2024-06-30' })).length).toBe(1)
  expect((await read({ to: '2024-03-31', statement: 'income' })).map(({ period_end }) => period_end)).toEqual(
    ['2024-03-31'],
  )
  expect((await read({ reportType: '6' }))[0]?.items).toEqual({ total_revenue: 1 })
  expect(await readFinancials(db.sql, { symbol: '000001.SZ', latest: true })).toBeNull()
})
