import { afterAll, beforeAll, expect, test } from 'vitest'
import { missingOn } from '../../db/queries/missing-days.ts'
import { INDEX_SYMBOLS } from '../../market/indices.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
const DAYS = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05']
const RUN = '00000000-0000-0000-0000-000000000000'

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d, true, 'tushare' from unnest(${DAYS}::date[]) d`
})
afterAll(() => db.drop())

const missing = async (dataset: 'bars' | 'index_bars', days = DAYS) =>
  Object.fromEntries(
    await missingOn(db.sql, days, {
      ...{ dataset, instruments: null, exchanges: ['SSE', 'SZSE'], tellBrought: true },
      ...{ from: days[0] ?? '', to: days.at(-1) ?? '' },
    }),
  )
const cells = (...symbols: string[]) => ({ count: symbols.length, symbols })

test('days before the first row of an index are absent where an upstream was asked for them, and open where a row is lost', async () => {
  await db.sql`
    insert into index_bars (instrument_id, symbol, trade_date, source, open, high, low, close, volume, amount, run_id, data_type)
    select instrument_id, code, d, 'tushare', 1, 1, 1, 1, 1, 1, ${RUN}, 'full_history'
    from instrument_code, unnest(${DAYS}::date[]) d where code = any(${INDEX_SYMBOLS}) and (code <> '000300.SH' or d > '2024-01-04')`
  await db.sql`
    insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
    select 'index_bars', instrument_id, d, 'tushare', case when d = '2024-01-04' then 'lost' else 'missing' end
    from instrument_code, unnest(${['2024-01-03', '2024-01-04']}::date[]) d where code = '000300.SH'`
  const open = { open: cells('000300.SH'), brought: 0, absent: cells(), known: true }
  expect(await missing('index_bars')).toEqual({
    '2024-01-02': open,
    '2024-01-03': { open: cells(), brought: 0, absent: cells('000300.SH'), known: true },
    '2024-01-04': open,
  })
})

test('of a day that lacks thousands the first are named and all are counted, with those that were brought once', async () => {
  await db.sql`
    insert into instrument (kind, board, exchange, list_date)
    select 'stock', 'main', 'SSE', date '2024-01-02' + n % 3 from generate_series(0, 2999) n`
  await db.sql`
    insert into instrument_code (code, instrument_id, source)
    select (600000 + id) || '.SH', id, 'tushare' from instrument where kind = 'stock'`
  await db.sql`
    insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
    select 'bars', id, '2024-01-03', 'tushare', case when id % 2 = 0 then 'absent_upstream' else 'missing' end
    from instrument where kind = 'stock'`
  await db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('bars', 0, 'tushare', '{[2024-01-03,2024-01-04)}')`
  const found = await missing('bars', ['2024-01-02', '2024-01-03'])
  const counts = Object.entries(found).map(([day, { open, brought, absent, known }]) => [
    ...[day, open.count, open.symbols.length, brought, absent.count, absent.symbols.length, known],
  ])
  expect(counts).toEqual([
    ['2024-01-02', 1_000, 50, 0, 0, 0, false],
    ['2024-01-03', 1_000, 50, 1_000, 1_000, 50, false],
  ])
  const { symbols } = found['2024-01-03']?.open ?? cells()
  expect(symbols).toEqual(symbols.toSorted())
})
