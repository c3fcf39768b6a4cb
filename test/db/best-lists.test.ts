import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { barLine, merge } from './support.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'stock_basic_info', 'instrument_code', 'instrument', 'suspension', 'bars')
})

describe('stock_best', () => {
  let id: number

  beforeEach(async () => {
    const [row] = await db.sql<{ id: number }[]>`
      insert into instrument (board, exchange) values ('bse', 'BSE') returning id`
    id = row?.id ?? 0
    await db.sql`insert into instrument_code (code, instrument_id, valid_to, source) values ('920001.BJ', ${id}, null, 'tushare'), ('430001.BJ', ${id}, '2025-10-08', 'tushare')`
  })

  const list = (source: string, symbol: string, values: Record<string, string | number> = {}) =>
    db.sql`insert into stock_basic_info ${db.sql({ code: symbol.slice(0, 6), source, instrument_id: id, symbol, exchange: 'BSE', ...values })}`

  test('is one row of the best list, with the gaps filled from the next', async () => {
    await list('akshare', '920001.BJ', { name: 'of akshare', area: 'Beijing', industry: 'steel' })
    await list('baostock', '920001.BJ', { name: 'of baostock', area: 'Hebei' })
    await list('tushare', '920001.BJ', { name: 'of tushare' })
    expect(
      await db.sql`select instrument_id, code, name, area, industry, source, sources from stock_best`,
    ).toEqual([
      {
        instrument_id: id,
        code: '920001',
        name: 'of tushare',
        area: 'Hebei',
        industry: 'steel',
        source: 'tushare',
        sources: ['akshare', 'baostock', 'tushare'],
      },
    ])
  })

  test('the code of today comes before the source', async () => {
    await list('tushare', '430001.BJ', { name: 'old', area: 'Beijing' })
    await list('akshare', '920001.BJ', { name: 'new' })
    expect(await db.sql`select symbol, name, area from stock_best`).toEqual([
      { symbol: '920001.BJ', name: 'new', area: 'Beijing' },
    ])
  })

  test('valuation is taken whole from one source: nulls of a loss-maker are not filled', async () => {
    await list('tushare', '920001.BJ', { total_mv: 5_000, pb: 2 })
    await list('akshare', '920001.BJ', { total_mv: 5_100, pe: -12 })
    expect(
      await db.sql`select total_mv::float8, pb::float8, pe::float8, valuation_source from stock_best`,
    ).toEqual([{ total_mv: 5_000, pb: 2, pe: null, valuation_source: 'tushare' }])
  })
})

describe('suspension_best', () => {
  const suspend = (source: string, timing = '\\N', date = '2024-01-02') =>
    merge(db, 'suspension', [`1\t600001.SH\t${date}\tS\t${timing}`], { source })
  const rows = () =>
    db.sql`select trade_date as date, suspend_timing as timing, source, sources, disputed from suspension_best order by 1`

  test('holds what any source names, once', async () => {
    await suspend('baostock')
    await suspend('tushare')
    await suspend('baostock', '\\N', '2024-01-03')
    expect(await rows()).toEqual([
      {
        date: '2024-01-02',
        timing: null,
        source: 'tushare',
        sources: ['tushare', 'baostock'],
        disputed: false,
      },
      { date: '2024-01-03', timing: null, source: 'baostock', sources: ['baostock'], disputed: false },
    ])
  })

  test('is disputed where another source has a bar with volume', async () => {
    await suspend('tushare')
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' })], { source: 'baostock' })
    expect(await rows()).toMatchObject([{ disputed: true }])
  })

  test('is not disputed by a bar of the same source, nor on a part of a day', async () => {
    await suspend('tushare')
    await suspend('tushare', '09:30-10:00', '2024-01-03')
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' })], { source: 'tushare' })
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-03' })], { source: 'baostock' })
    expect(await rows()).toMatchObject([{ disputed: false }, { disputed: false }])
  })

  test('is disputed where one source has the whole day and another a part of it', async () => {
    await suspend('tushare')
    await suspend('akshare', '09:30-10:00')
    expect(await rows()).toMatchObject([{ timing: null, source: 'tushare', disputed: true }])
  })
})
