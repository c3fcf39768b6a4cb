import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { mergeOf } from '../../activities/merge-answer.ts'
import { mergeStockList, type StockListRow } from '../../db/stock-list.ts'
import type { DailyBasicRow } from '../../sources/contract.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

/* Valuations of several sources: what the best view makes of them, and what the stock list keeps of the newest. */

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'daily_basic', 'stock_basic_info', 'instrument_code', 'instrument', 'revision')
  for (const source of ['tushare', 'baostock', 'akshare'])
    await db.sql.begin((tx) =>
      mergeStockList(tx, [LISTED], { source, runId: randomUUID(), job: 'stock_list' }),
    )
})

const SYMBOL = '600000.SH'
const DAY = '2024-01-02'

const LISTED: StockListRow = {
  symbol: SYMBOL,
  name: '浦发银行',
  area: null,
  industry: null,
  fullname: null,
  enname: null,
  cnspell: 'PFYH',
  market: '主板',
  board: 'main',
  exchange: 'SSE',
  curr_type: 'CNY',
  list_status: 'L',
  list_date: '1999-11-10',
  delist_date: null,
  is_hs: null,
}

async function bring(source: string, ...rows: Omit<DailyBasicRow, 'symbol'>[]): Promise<void> {
  const call = { dataset: 'daily_basic', symbols: null, from: DAY, to: DAY, part: null, rows: 1 } as const
  const answer = {
    rows: rows.map((row) => ({ symbol: SYMBOL, ...row })),
    codeChanges: [],
    rejected: [],
    requests: 1,
  }
  const merge = mergeOf(call, answer, () => undefined, { source, runId: randomUUID(), job: 'stock_basics' })
  await db.sql.begin((tx) => merge(tx))
}

const best = async (): Promise<Record<string, unknown>> => {
  const [row] = await db.sql<
    Record<string, unknown>[]
  >`select * from daily_basic_best where trade_date = ${DAY}`
  return row ?? {}
}

test('each group of fields is of the best source that has it, and of one source', async () => {
  await bring('tushare', { trade_date: DAY, turnover_rate: 1, pe: null, pe_ttm: null, pb: 2, ps: 3, total_share: '100', total_mv: '500' }) // prettier-ignore
  await bring('baostock', {
    trade_date: DAY,
    turnover_rate: '1.1',
    pe_ttm: '-7.5',
    pb: '2.2',
    pcf_ncf_ttm: '4',
  })
  await bring('akshare', { trade_date: DAY, turnover_rate: 1.2, pe_dynamic: 9, pb: 2.3, total_mv: 501, circ_mv: 400 }) // prettier-ignore
  expect(await best()).toMatchObject({
    turnover_rate: '1',
    turnover_source: 'tushare',
    // Null there, for a company that lost money: the other one's value is shown, as that one has it.
    pe_ttm: '-7.5',
    pe_ttm_source: 'baostock',
    pe: null,
    annual_source: 'tushare',
    pb: '2',
    pb_source: 'tushare',
    pcf_ncf_ttm: '4',
    pe_dynamic: '9',
    pe_dynamic_source: 'akshare',
    total_share: '100',
    shares_source: 'tushare',
    // One that has the whole lacks the part: no mixing, even where another one has it.
    total_mv: '500.0000',
    circ_mv: null,
    worth_source: 'tushare',
    sources: ['akshare', 'baostock', 'tushare'],
  })
})

test('what nobody has is of no source', async () => {
  await bring('baostock', { trade_date: DAY, pb: '2' })
  expect(await best()).toMatchObject({
    pb_source: 'baostock',
    total_mv: null,
    worth_source: null,
    turnover_source: null,
    annual_source: null,
  })
})

const listed = async (source: string) => {
  const [row] = await db.sql<Record<string, unknown>[]>`
    select trim_scale(total_mv)::text as total_mv, pe::text, pe_ttm::text, pb::text, valuation_date from stock_basic_info
    where source = ${source}`
  return row
}

test('the list of a source has that source’s newest valuation, and no other one’s', async () => {
  await bring('tushare', { trade_date: DAY, total_mv: '500', pb: 2 }, { trade_date: '2024-01-03', total_mv: '510', pb: 2.1 }) // prettier-ignore
  await bring('baostock', { trade_date: DAY, pe_ttm: '7', pb: '2.2' })
  expect(await listed('tushare')).toMatchObject({ total_mv: '510', pb: '2.1', valuation_date: '2024-01-03' })
  expect(await listed('baostock')).toMatchObject({ total_mv: null, pe_ttm: '7', valuation_date: DAY })
  expect(await listed('akshare')).toMatchObject({ total_mv: null, valuation_date: null })
})

test('an older session that comes later changes nothing in the list', async () => {
  await bring('tushare', { trade_date: '2024-01-03', total_mv: '510' })
  await bring('tushare', { trade_date: DAY, total_mv: '500' })
  expect(await listed('tushare')).toMatchObject({ total_mv: '510', valuation_date: '2024-01-03' })
})

test('the same valuation again writes no row of the list', async () => {
  await bring('tushare', { trade_date: DAY, total_mv: '500' })
  const version = async () => await db.sql`select xmin::text from stock_basic_info where source = 'tushare'`
  const before = await version()
  await bring('tushare', { trade_date: DAY, total_mv: '500' })
  expect(await version()).toEqual(before)
})

test('later nulls never overwrite, in whatever order answers come', async () => {
  const figure = fc.option(fc.integer({ min: 1, max: 99 }), { nil: null })
  const answer = fc.record({ pe: figure, pb: figure, total_mv: figure })
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 6 }), async (answers) => {
      await db.sql`delete from daily_basic`
      await db.sql`update stock_basic_info set pe = null, pb = null, total_mv = null, valuation_date = null`
      for (const each of answers) await bring('tushare', { trade_date: DAY, ...each })
      const last = (field: 'pe' | 'pb' | 'total_mv') =>
        answers.map((each) => each[field]).findLast((value) => value !== null) ?? null
      const wanted = { pe: last('pe'), pb: last('pb'), total_mv: last('total_mv') }
      const stored = await db.sql`select pe::float8, pb::float8, total_mv::float8 from daily_basic`
      const inList = await db.sql`
        select pe::float8, pb::float8, total_mv::float8 from stock_basic_info where source = 'tushare'`
      expect([...stored, ...inList]).toEqual([wanted, wanted])
    }),
    { numRuns: 25 },
  )
})
