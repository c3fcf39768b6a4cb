import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkBars } from '../../db/audit/bar-checks.ts'
import type { Board } from '../../market/symbol.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

/* Which bars are refused and which are only suspected. One stock: it is made anew for each test. */

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  // Every day of the week but the weekend: more sessions than the exchanges had, which changes no rule.
  await db.sql`insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6, 'test' from generate_series('1996-01-01'::date, '2026-12-31', '1 day') d`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'suspension', 'name_change')
  await db.sql`truncate instrument, instrument_code, stock_basic_info restart identity`
})

const list = (board: Board, listed = '1992-01-02') =>
  db.sql`insert into instrument (board, exchange, list_date) values (${board}, 'SSE', ${listed})`

interface TestBar {
  open?: number
  high?: number
  low?: number
  close?: number
  pre_close?: number
  volume?: number
  amount?: number
  is_st?: boolean | null
}

/** A bar at 10 yuan that nothing is wrong with, or what differs from it. */
async function bar(date: string, differs: TestBar = {}): Promise<void> {
  const { close = 10 } = differs
  const { open = close, high = close, low = close, pre_close = 10, volume = 100, is_st = null } = differs
  const { amount = close * volume } = differs
  await db.sql`insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, pre_close, volume, amount, is_st)
    values (1, ${date}, 'daily', 'tushare', '600000.SH', ${open}, ${high}, ${low}, ${close}, ${pre_close}, ${volume}, ${amount}, ${is_st})`
}

const factor = (date: string, value: number) =>
  db.sql`insert into adj_factor (instrument_id, trade_date, source, symbol, factor) values (1, ${date}, 'tushare', '600000.SH', ${value})`

const hits = async (from: string, to = from) =>
  (await checkBars(db.sql, { from, to, instruments: null })).map(({ date, rule, count, examples }) => {
    expect({ count, examples }).toEqual({ count: 1, examples: ['600000.SH'] })
    return `${date} ${rule}`
  })

describe('rows that cannot be true', () => {
  test.each([
    ['a high below the close', { high: 9.9, low: 9.8 }, 'ohlc'],
    ['a low above the open', { open: 9.9, low: 10 }, 'ohlc'],
    ['lots for shares', { volume: 100, amount: 100_000 }, 'unit'],
    ['thousand yuan for yuan', { volume: 100, amount: 1 }, 'unit'],
  ])('%s', async (_, differs, rule) => {
    await list('main')
    await bar('2024-01-02', differs)
    expect(await hits('2024-01-02')).toEqual([`2024-01-02 ${rule}`])
  })

  test('a bar without trade has no mean price', async () => {
    await list('main')
    await bar('2024-01-02', { volume: 0, amount: 0 })
    expect(await hits('2024-01-02')).toEqual([])
  })
})

describe('price limits', () => {
  /** Closes at the price and one tick beyond it. */
  const isTheLimit = async (date: string, close: number, pre_close: number, is_st?: boolean) => {
    const tick = close > pre_close ? 0.01 : -0.01
    await bar(date, { close, pre_close, is_st: is_st ?? null })
    expect(await hits(date)).toEqual([])
    await empty(db.sql, 'bars')
    await bar(date, { close: close + tick, pre_close, is_st: is_st ?? null })
    expect(await hits(date)).toEqual([`${date} price_limit`])
  }

  test.each<[string, Board, string, number, number]>([
    ['the main board: 10 %', 'main', '2024-01-02', 11, 10],
    ['rounded to 0.01: 1.05 to 1.16 is 10.48 %', 'main', '2024-01-02', 1.16, 1.05],
    ['downwards', 'main', '2024-01-02', 0.95, 1.05],
    ['a tick is always allowed', 'main', '2024-01-02', 0.05, 0.04],
    ['ChiNext before its reform: 10 %', 'chinext', '2020-08-21', 11, 10],
    ['ChiNext since then: 20 %', 'chinext', '2020-08-24', 12, 10],
    ['STAR: 20 %', 'star', '2024-01-02', 8, 10],
    ['Beijing: 30 %', 'bse', '2024-01-02', 13, 10],
    ['the day on which limits began', 'main', '1996-12-16', 11, 10],
  ])('%s', async (_, board, date, close, preClose) => {
    await list(board)
    await isTheLimit(date, close, preClose)
  })

  test('there was none before', async () => {
    await list('main')
    await bar('1996-12-13', { close: 20 })
    expect(await hits('1996-12-13')).toEqual([])
  })

  test('under special treatment: 5 %, known from the bar or from the name', async () => {
    await list('main')
    await isTheLimit('2024-01-02', 10.5, 10, true)
    await db.sql`insert into name_change (instrument_id, start_date, end_date, name, source, symbol)
      values (1, '2024-01-01', '2024-01-31', '*ST test', 'tushare', '600000.SH')`
    await bar('2024-01-31', { close: 10.51 })
    await bar('2024-02-01', { close: 10.51, pre_close: 10 })
    expect(await hits('2024-01-31', '2024-02-01')).toEqual(['2024-01-31 price_limit'])
  })

  test('special treatment changes nothing on ChiNext since its reform', async () => {
    await list('chinext')
    await isTheLimit('2024-01-02', 12, 10, true)
  })

  test.each<[string, Board, string, string, string]>([
    ['STAR: five sessions', 'star', '2024-01-02', '2024-01-08', '2024-01-09'],
    ['the main board since its reform: five', 'main', '2024-01-02', '2024-01-08', '2024-01-09'],
    ['Beijing: one', 'bse', '2024-01-02', '2024-01-02', '2024-01-03'],
    ['the main board in 2010: one', 'main', '2010-01-04', '2010-01-04', '2010-01-05'],
  ])('new issues trade without a limit on %s', async (_, board, listed, lastFree, firstLimited) => {
    await list(board, listed)
    await bar(lastFree, { close: 30 })
    await bar(firstLimited, { close: 30, pre_close: 10 })
    expect(await hits(lastFree, firstLimited)).toEqual([`${firstLimited} price_limit`])
  })

  test('from 2014 on their first day was capped at 44 %', async () => {
    await list('main', '2015-01-05')
    await isTheLimit('2015-01-05', 14.4, 10)
  })
})

describe('the chain of closes', () => {
  beforeEach(() => list('main'))

  test('pre_close is the last close while the factor stays', async () => {
    for (const date of ['2024-01-02', '2024-01-03', '2024-01-04']) await factor(date, 100)
    await bar('2024-01-02')
    await bar('2024-01-03', { close: 10.2 })
    await bar('2024-01-04', { pre_close: 10.1 })
    expect(await hits('2024-01-02', '2024-01-04')).toEqual(['2024-01-04 pre_close'])
  })

  test('on an ex-date the factor steps by last close to pre_close', async () => {
    await factor('2024-01-02', 100)
    await factor('2024-01-03', 105.2632)
    await bar('2024-01-02')
    await bar('2024-01-03', { pre_close: 9.5 })
    expect(await hits('2024-01-02', '2024-01-03')).toEqual([])
    await db.sql`update adj_factor set factor = 106 where trade_date = '2024-01-03'`
    expect(await hits('2024-01-02', '2024-01-03')).toEqual(['2024-01-03 factor_step'])
  })

  test('without factors nobody can tell', async () => {
    await bar('2024-01-02')
    await bar('2024-01-03', { pre_close: 9.5 })
    expect(await hits('2024-01-02', '2024-01-03')).toEqual([])
  })

  const suspend = (from: string, to: string) =>
    db.sql`insert into suspension (instrument_id, trade_date, source, suspend_type, symbol)
      select 1, trade_date, 'tushare', 'S', '600000.SH' from trade_calendar where is_open and trade_date between ${from} and ${to}`

  test.each([
    ['of three days', '2024-01-05', '2024-01-03', '2024-01-04'],
    ['of a year', '2025-01-02', '2024-01-03', '2025-01-01'],
  ])('goes on after a suspension %s', async (_, resumed, from, to) => {
    await factor('2024-01-02', 100)
    await factor(resumed, 100)
    await bar('2024-01-02')
    await bar(resumed, { pre_close: 9.9 })
    expect(await hits(resumed)).toEqual([])
    await suspend(from, to)
    expect(await hits(resumed)).toEqual([`${resumed} pre_close`])
  })
})
