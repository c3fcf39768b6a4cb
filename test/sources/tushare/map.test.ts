import { expect, test } from 'vitest'
import type { RejectedRow } from '../../../sources/contract.ts'
import {
  collect,
  mapBar,
  mapCalendarDay,
  mapCodeChange,
  mapFactor,
  mapStock,
  mapSuspension,
  type Columns,
} from '../../../sources/tushare/map.ts'
import { BAR_FIELDS, barCells } from './upstream.ts'

const columns = (names: readonly string[]): Columns => Object.fromEntries(names.map((name, i) => [name, i]))
/** Names and cells of a row that is written as an object. */
const rowOf = (row: Record<string, unknown>) => [Object.values(row), columns(Object.keys(row))] as const

const BARS = columns(BAR_FIELDS)

test.each([
  ['no code', { ts_code: null }, 'no valid ts_code'],
  ['a malformed code', { ts_code: '4920017.BJ' }, 'no valid ts_code'],
  ['no date', { trade_date: null }, 'no valid trade_date'],
  ['a day that does not exist', { trade_date: '20250230' }, 'no valid trade_date'],
  ['a date with dashes', { trade_date: '2024-01-02' }, 'no valid trade_date'],
  ['a date as a number', { trade_date: 20240102 }, 'no valid trade_date'],
  ['no close', { close: null }, 'a price is missing'],
  ['a close as text', { close: '10.1' }, 'a price is missing'],
  ['a price of zero', { low: 0 }, 'a price is not positive'],
  ['a negative price', { low: -9.9 }, 'a price is not positive'],
  ['high under low', { high: 9.8 }, 'prices out of order'],
  ['open over high', { open: 10.3 }, 'prices out of order'],
  ['close under low', { close: 9.8 }, 'prices out of order'],
  ['a price without measure', { pre_close: 1e300 }, 'a price is more than there can be'],
  [
    'a volume without measure, and the money for it',
    { vol: 1e18, amount: 1.001e18 },
    'amount / volume is outside the range of prices: wrong unit',
  ],
  ['no volume', { vol: null }, 'volume or amount is missing'],
  ['no amount', { amount: null }, 'volume or amount is missing'],
  ['a negative volume', { vol: -1 }, 'volume or amount is negative'],
  ['a negative amount', { amount: -1 }, 'volume or amount is negative'],
  ['half a share', { vol: 12345.675 }, 'volume is not a whole number of shares'],
  [
    'shares where lots are due',
    { vol: 1234567 },
    'amount / volume is outside the range of prices: wrong unit',
  ],
  [
    'yuan where thousands are due',
    { amount: 12400123 },
    'amount / volume is outside the range of prices: wrong unit',
  ],
  ['money without trades', { vol: 0 }, 'amount / volume is outside the range of prices: wrong unit'],
])('a bar with %s is refused with its reason', (_, differs, reason) => {
  expect(mapBar(barCells(differs), BARS)).toEqual({ reason })
})

test('a bar of a day without trades is one', () => {
  expect(mapBar(barCells({ vol: 0, amount: 0 }), BARS)).toMatchObject({ volume: '0', amount: '0' })
})

test('what may be missing in a bar stays unknown, and is never zero', () => {
  const bar = mapBar(barCells({ pre_close: null, change: null, pct_chg: 'n/a' }), BARS)
  expect(bar).toMatchObject({ pre_close: null, change: null, pct_chg: null })
})

test('whole numbers without decimals and lots with odd ones keep every digit', () => {
  const bar = mapBar(barCells({ vol: 6500000.01, amount: 6540000.123 }), BARS)
  expect(bar).toMatchObject({ volume: '650000001', amount: '6540000123' })
})

const FACTOR = { ts_code: '600000.SH', trade_date: '20240102', adj_factor: 1.0467 }

test.each([
  ['no factor', { adj_factor: null }, 'factor is missing, or none that there can be'],
  ['a factor of zero', { adj_factor: 0 }, 'factor is missing, or none that there can be'],
  ['a negative factor', { adj_factor: -1 }, 'factor is missing, or none that there can be'],
  ['a factor that rounds to zero', { adj_factor: 1e-9 }, 'factor is missing, or none that there can be'],
  ['a factor without measure', { adj_factor: 1e12 }, 'factor is missing, or none that there can be'],
  ['no date', { trade_date: '' }, 'no valid trade_date'],
  ['no code', { ts_code: 'SH600000' }, 'no valid ts_code'],
])('a factor row with %s is refused', (_, differs, reason) => {
  expect(mapFactor(...rowOf({ ...FACTOR, ...differs }))).toEqual({ reason })
})

test('a factor comes as it was served', () => {
  expect(mapFactor(...rowOf(FACTOR))).toEqual({
    symbol: '600000.SH',
    trade_date: '2024-01-02',
    factor: 1.0467,
  })
})

const SUSPENSION = { ts_code: '600000.SH', trade_date: '20240102', suspend_timing: null, suspend_type: 'S' }

test('a suspension without a timing is one of the whole day', () => {
  expect(mapSuspension(...rowOf(SUSPENSION))).toMatchObject({ suspend_type: 'S', suspend_timing: null })
  expect(mapSuspension(...rowOf({ ...SUSPENSION, suspend_timing: '' }))).toMatchObject({
    suspend_timing: null,
  })
})

test('a suspension of a kind that nobody knows is refused', () => {
  expect(mapSuspension(...rowOf({ ...SUSPENSION, suspend_type: 'X' }))).toEqual({
    reason: 'suspend_type is neither S nor R',
  })
})

test.each([
  [{ cal_date: '20240101', is_open: 0, pretrade_date: '20231229' }, false, '2023-12-29'],
  [{ cal_date: '20240102', is_open: 1, pretrade_date: '20231229' }, true, '2023-12-29'],
  [{ cal_date: '20240102', is_open: '1', pretrade_date: null }, true, null],
])('a calendar day %j is read', (row, is_open, previous_trade_date) => {
  expect(mapCalendarDay(...rowOf(row))).toMatchObject({ is_open, previous_trade_date })
})

test.each([
  [{ cal_date: '20240230', is_open: 1 }, 'no valid cal_date'],
  [{ cal_date: '20240102', is_open: null }, 'is_open is neither 0 nor 1'],
])('a calendar day %j is refused', (row, reason) => {
  expect(mapCalendarDay(...rowOf(row))).toEqual({ reason })
})

const STOCK = {
  ts_code: '689009.SH',
  name: '九号公司',
  market: 'CDR',
  exchange: 'SSE',
  list_status: 'L',
  list_date: '20201029',
  delist_date: null,
}

test('a stock of the list has the board that the list names', () => {
  expect(mapStock(...rowOf(STOCK), 'L')).toMatchObject({
    board: 'cdr',
    list_date: '2020-10-29',
    delist_date: null,
  })
  expect(mapStock(...rowOf({ ...STOCK, ts_code: '688001.SH', market: '主板' }), 'L')).toMatchObject({
    board: 'main',
  })
})

test('where the list names no board, exchange or status, the code and the question tell', () => {
  const bare = { ts_code: '300001.SZ', name: '特锐德', list_date: '20091030' }
  expect(mapStock(...rowOf(bare), 'D')).toMatchObject({
    board: 'chinext',
    exchange: 'SZSE',
    list_status: 'D',
  })
})

test('a B share of the list is outside the universe', () => {
  expect(mapStock(...rowOf({ ...STOCK, ts_code: '900901.SH' }), 'L')).toBeNull()
})

test('a pair of codes that is none is refused', () => {
  expect(mapCodeChange(...rowOf({ o_code: '430047.BJ', n_code: '920047' }))).toEqual({
    reason: 'no valid pair of codes',
  })
})

test('only codes of Beijing were renumbered: a pair of others would make one stock of two', () => {
  for (const [o_code, n_code] of [
    ['000001.SZ', '920047.BJ'],
    ['430047.BJ', '600000.SH'],
  ])
    expect(mapCodeChange(...rowOf({ o_code, n_code }))).toEqual({ reason: 'no pair of codes of Beijing' })
})

test('a rejected row keeps its symbol, its date and the text of the upstream', () => {
  const rejected: RejectedRow[] = []
  const cells = barCells({ close: null })
  const rows = collect(
    [barCells(), cells, barCells({ ts_code: 'junk', trade_date: 'junk' })],
    BARS,
    mapBar,
    rejected,
  )
  expect(rows).toHaveLength(1)
  expect(rejected).toMatchObject([
    {
      symbol: '600000.SH',
      trade_date: '2024-01-02',
      reason: 'a price is missing',
      raw: JSON.stringify(cells),
    },
    { symbol: null, trade_date: null, reason: 'no valid ts_code' },
  ])
})
