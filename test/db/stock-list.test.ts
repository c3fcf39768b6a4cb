import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { resolveInstruments } from '../../db/instruments.ts'
import { loadInstruments } from '../../db/queries/planning.ts'
import { mergeCodeChanges, mergeStockList, type StockListRow } from '../../db/stock-list.ts'
import { boardOf, exchangeOf } from '../../market/symbol.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { barLine, factorLine, merge } from './support.ts'

const CONTEXT = { source: 'tushare', runId: '00000000-0000-0000-0000-000000000001', job: 'stock_list' }

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'revision', 'coverage', 'sync_failure')
  await empty(db.sql, 'stock_basic_info', 'instrument_code', 'instrument')
})

const stock = (symbol: string, differs: Partial<StockListRow> = {}): StockListRow => ({
  symbol,
  name: '浦发银行',
  area: '上海',
  industry: '银行',
  fullname: null,
  enname: null,
  cnspell: 'pfyh',
  market: '主板',
  board: boardOf(symbol),
  exchange: exchangeOf(symbol),
  curr_type: 'CNY',
  list_status: 'L',
  list_date: '1999-11-10',
  delist_date: null,
  is_hs: 'H',
  ...differs,
})
const listOf = (source: string, ...rows: StockListRow[]) =>
  db.sql.begin((tx) => mergeStockList(tx, rows, { ...CONTEXT, source }))
const list = (...rows: StockListRow[]) => listOf(CONTEXT.source, ...rows)
const stub = (...symbols: string[]) => db.sql.begin((tx) => resolveInstruments(tx, symbols, 'tushare'))
const renumber = (old_symbol: string, new_symbol: string) =>
  db.sql.begin((tx) =>
    mergeCodeChanges(tx, [{ old_symbol, new_symbol, list_date: '2020-07-27' }], {
      source: 'tushare',
      renumberedOn: '2025-10-09',
    }),
  )
const codes = () => db.sql`
  select code, instrument_id - (select min(id) from instrument) as nth, valid_from as since, valid_to as until from instrument_code order by code`
const instruments = () => db.sql`select board, stub, list_date, delist_date from instrument order by id`

// --- lists

test('a list opens an instrument for each stock, in the order of their codes', async () => {
  expect(await list(stock('600001.SH'), stock('600000.SH'))).toEqual({
    inserted: 2,
    updated: 0,
    unchanged: 0,
  })
  expect(await codes()).toMatchObject([
    { code: '600000.SH', nth: 0 },
    { code: '600001.SH', nth: 1 },
  ])
})

test('the same list again changes nothing and writes no row version', async () => {
  const version = () =>
    db.sql`select ctid::text, xmin::text from stock_basic_info union all select ctid::text, xmin::text from instrument order by 1, 2`
  await list(stock('600000.SH'), stock('600001.SH'))
  const before = await version()
  expect(await list(stock('600000.SH'), stock('600001.SH'))).toEqual({
    inserted: 0,
    updated: 0,
    unchanged: 2,
  })
  expect(await version()).toEqual(before)
})

test('a stock that comes twice in one list is one stock, as its later row says', async () => {
  const counts = await list(
    stock('600000.SH', { name: 'old' }),
    stock('600001.SH'),
    stock('600000.SH', { name: 'new' }),
  )
  const [row] = await db.sql`select name from stock_basic_info where code = '600000'`
  expect([counts, row?.name]).toEqual([{ inserted: 2, updated: 0, unchanged: 0 }, 'new'])
})

test('a renamed stock keeps its identity; what the list leaves out keeps its value', async () => {
  await list(stock('600000.SH'))
  const before = await codes()
  expect(await list(stock('600000.SH', { name: '*ST浦发', area: null }))).toMatchObject({ updated: 1 })
  const [row] = await db.sql`select name, area from stock_basic_info`
  expect([row, await codes()]).toEqual([{ name: '*ST浦发', area: '上海' }, before])
})

test('a delisted stock gets its last date on the instrument too', async () => {
  await list(stock('600000.SH'))
  await list(stock('600000.SH', { list_status: 'D', delist_date: '2024-05-31' }))
  expect(await instruments()).toEqual([
    { board: 'main', stub: false, list_date: '1999-11-10', delist_date: '2024-05-31' },
  ])
})

// 601399 was delisted in 2015 and listed again in 2020.
const FIRST_LIFE = stock('601399.SH', {
  list_status: 'D',
  list_date: '2010-02-09',
  delist_date: '2015-05-21',
})
const SECOND_LIFE = stock('601399.SH', { list_date: '2020-06-08' })

test.for([
  ['the first life, then the second', ['akshare', FIRST_LIFE], ['tushare', SECOND_LIFE]],
  ['the second life, then the first', ['tushare', SECOND_LIFE], ['akshare', FIRST_LIFE]],
  ['the delisting alone', ['tushare', SECOND_LIFE], ['akshare', { ...FIRST_LIFE, list_date: null }]],
  ['one source that lists it again', ['tushare', FIRST_LIFE], ['tushare', SECOND_LIFE]],
] as const)('a stock that came back under its code lives its second life: %s', async ([, ...lists]) => {
  for (const [source, row] of lists) await listOf(source, row)
  const isListed = { list_date: '2020-06-08', delist_date: null }
  expect(await instruments()).toEqual([{ board: 'main', stub: false, ...isListed }])
  expect(await db.sql`select list_date, delist_date from stock_best`).toEqual([isListed])
  // A life that ends before it begins would make every question about the market fail.
  await db.sql`select * from factor_source`
  const before = await db.sql`select xmin from instrument`
  for (const [source, row] of lists.slice(1)) await listOf(source, row)
  expect(await db.sql`select xmin from instrument`).toEqual(before)
})

test('a listing that was told too late is corrected by the source that told it, though the stock is gone since', async () => {
  await list(stock('601399.SH', { list_date: '2020-06-08' }))
  await list(FIRST_LIFE)
  expect(await instruments()).toMatchObject([{ list_date: '2010-02-09', delist_date: '2015-05-21' }])
})

test('a stock whose old code was delisted for its successor lives on since it was first listed', async () => {
  const old = stock('430047.BJ', { list_status: 'D', list_date: '2020-07-27', delist_date: '2025-10-09' })
  await list(old, stock('920047.BJ', { list_date: '2025-10-09' }))
  await renumber('430047.BJ', '920047.BJ')
  expect(await instruments()).toMatchObject([{ list_date: '2020-07-27', delist_date: null }])
  await list(old)
  expect(await instruments()).toMatchObject([{ list_date: '2020-07-27', delist_date: null }])
})

test('a list with thousands of stocks is merged at once', async () => {
  const rows = Array.from({ length: 5_600 }, (_, i) => stock(`${600_000 + i}.SH`))
  const started = performance.now()
  expect(await list(...rows)).toMatchObject({ inserted: 5_600 })
  expect(await list(...rows)).toMatchObject({ unchanged: 5_600 })
  // Row by row it would be minutes.
  expect(performance.now() - started).toBeLessThan(30_000)
})

// --- symbols that no list names

test('an unknown symbol opens a stub, flagged, that is told apart from a listed stock', async () => {
  await list(stock('600000.SH'))
  const ids = await stub('600000.SH', '688001.SH')
  expect([ids.size, await instruments()]).toMatchObject([
    2,
    [{ stub: false }, { stub: true, board: 'star', list_date: null }],
  ])
  expect((await loadInstruments(db.sql)).map((each) => each.stub)).toEqual([false, true])
})

test('a list that names a stub completes it', async () => {
  const id = (await stub('600000.SH')).get('600000.SH')
  await list(stock('600000.SH'))
  expect(await instruments()).toMatchObject([{ stub: false, list_date: '1999-11-10' }])
  expect((await stub('600000.SH')).get('600000.SH')).toBe(id)
})

test('many transactions that meet new symbols at once open each of them once', async () => {
  const symbols = ['600003.SH', '600001.SH', '600002.SH']
  const found = await Promise.all(
    Array.from({ length: 8 }, (_, i) => stub(...(i % 2 === 0 ? symbols : symbols.toReversed()))),
  )
  expect(new Set(found.map((ids) => JSON.stringify([...ids].sort()))).size).toBe(1)
  expect(await instruments()).toHaveLength(3)
})

test('a list and rows that meet a new symbol at once make one instrument of it', async () => {
  const symbols = Array.from({ length: 30 }, (_, i) => `${600_000 + i}.SH`)
  await Promise.all(
    [
      list(...symbols.map((symbol) => stock(symbol))),
      ...symbols.map((symbol) => stub(symbol)),
      list(...symbols.map((symbol) => stock(symbol))),
    ].slice(0, 12),
  )
  await list(...symbols.map((symbol) => stock(symbol)))
  expect([await instruments(), await codes()]).toMatchObject([{ length: 30 }, { length: 30 }])
})

test('a text that is no symbol opens nothing', async () => {
  await expect(stub('600000')).rejects.toThrow(TypeError)
  await expect(stub('junk')).rejects.toThrow('not a symbol: junk')
  expect(await instruments()).toEqual([])
})

// --- Beijing's renumbering

test('an old code that never had rows becomes an earlier code of the listed instrument', async () => {
  await list(stock('920047.BJ', { list_date: '2020-07-27' }))
  expect(await renumber('430047.BJ', '920047.BJ')).toEqual({ inserted: 1, updated: 0, unchanged: 0 })
  expect(await codes()).toEqual([
    { code: '430047.BJ', nth: 0, since: '2020-07-27', until: '2025-10-09' },
    { code: '920047.BJ', nth: 0, since: '2025-10-09', until: null },
  ])
  expect((await loadInstruments(db.sql)).map((each) => each.symbol)).toEqual(['920047.BJ'])
})

test('the same renumbering again changes nothing, and one of an unknown stock waits for its list', async () => {
  await list(stock('920047.BJ'))
  await renumber('430047.BJ', '920047.BJ')
  expect(await renumber('430047.BJ', '920047.BJ')).toEqual({ inserted: 0, updated: 0, unchanged: 1 })
  expect(await renumber('430090.BJ', '920090.BJ')).toEqual({ inserted: 0, updated: 0, unchanged: 1 })
  expect(await codes()).toHaveLength(2)
})

test('rows that came under the old code before the renumbering was known move to the listed instrument', async () => {
  const old = (await stub('430047.BJ')).get('430047.BJ') ?? 0
  await merge(db, 'bars', [
    barLine({ id: old, date: '2023-12-29' }),
    barLine({ id: old, date: '2024-01-02' }),
  ])
  await merge(db, 'bars', [barLine({ id: old, date: '2023-12-29', close: 11 })])
  await merge(db, 'adj_factor', [factorLine(old, '2024-01-02', 1.5)])
  await list(stock('920047.BJ', { list_date: '2020-07-27' }))
  const listed = (await stub('920047.BJ')).get('920047.BJ') ?? 0
  await merge(db, 'bars', [barLine({ id: listed, date: '2024-01-02', close: 12 })])

  expect(await renumber('430047.BJ', '920047.BJ')).toMatchObject({ updated: 1 })

  const bars =
    await db.sql`select instrument_id as id, trade_date as date, close::float8 as close from bars order by 2`
  expect(bars).toEqual([
    { id: listed, date: '2023-12-29', close: 11 },
    { id: listed, date: '2024-01-02', close: 12 },
  ])
  expect(
    await db.sql`select instrument_id as id from adj_factor union all select instrument_id from revision`,
  ).toEqual([{ id: listed }, { id: listed }])
  expect(await instruments()).toEqual([
    { board: 'bse', stub: false, list_date: '2020-07-27', delist_date: null },
  ])
  expect(await codes()).toMatchObject([
    { code: '430047.BJ', until: '2025-10-09' },
    { code: '920047.BJ', since: '2025-10-09' },
  ])
})

test('a stock that was listed under its old code and then under its new one is one instrument', async () => {
  await list(stock('430047.BJ', { list_date: '2020-07-27' }))
  await stub('920047.BJ')
  await renumber('430047.BJ', '920047.BJ')
  expect(await instruments()).toEqual([
    { board: 'bse', stub: false, list_date: '2020-07-27', delist_date: null },
  ])
  const [listed] = await db.sql`select count(distinct instrument_id)::int as n from stock_basic_info`
  expect(listed?.n).toBe(1)
})
