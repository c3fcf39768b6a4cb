import { expect, test } from 'vitest'
import { DAY_FIELDS } from '../../../sources/baostock/apis.ts'
import { callFor, serving, sourceErrorOf } from './upstream.ts'

const STOCK_COLUMNS = ['code', 'code_name', 'ipoDate', 'outDate', 'type', 'status']

test('the stock list holds listed and delisted A shares, and nothing else of it', () =>
  serving(
    () => ({
      columns: STOCK_COLUMNS,
      rows: [
        ['sh.600000', '浦发银行', '1999-11-10', '', '1', '1'],
        ['sh.600005', '武钢股份', '1999-08-03', '2017-02-14', '1', '0'],
        ['sh.688001', '华兴源创', '2019-07-22', '', '1', '1'],
        ['sz.300001', '特锐德', '2009-10-30', '', '1', '1'],
        ['sh.689009', '九号公司', '2020-10-29', '', '1', '1'],
        ['sh.900901', '云赛Ｂ股', '1992-02-21', '', '1', '1'],
        ['sh.000001', '上证综合指数', '1991-07-15', '', '2', '1'],
        ['sh.113001', '中行转债', '2010-06-18', '2015-03-13', '4', '0'],
        ['sh.510050', '上证50ETF', '2005-02-23', '', '5', '1'],
        ['sz.000002', '', '', '', '1', '2'],
      ],
    }),
    async ({ source, context, server }) => {
      const call = callFor({ dataset: 'stock_list', symbols: null, from: null, to: null })
      const { rows, rejected } = await source.fetch(call, context)
      expect(server.queries[0]?.params).toEqual(['', ''])
      expect(rows[0]).toEqual({
        symbol: '600000.SH',
        name: '浦发银行',
        area: null,
        industry: null,
        fullname: null,
        enname: null,
        cnspell: null,
        market: null,
        board: 'main',
        exchange: 'SSE',
        curr_type: null,
        list_status: 'L',
        list_date: '1999-11-10',
        delist_date: null,
        is_hs: null,
      })
      expect(rows.slice(1)).toMatchObject([
        { symbol: '600005.SH', list_status: 'D', delist_date: '2017-02-14' },
        { symbol: '688001.SH', board: 'star' },
        { symbol: '300001.SZ', board: 'chinext', exchange: 'SZSE' },
        { symbol: '689009.SH', board: 'cdr' },
      ])
      expect(rejected).toMatchObject([{ symbol: '000002.SZ', reason: 'status is neither 0 nor 1' }])
    },
  ))

test('a list without a stock is a hiccup', () =>
  serving(
    () => ({ columns: STOCK_COLUMNS, rows: [] }),
    async ({ source, context }) => {
      const call = callFor({ dataset: 'stock_list', symbols: null, from: null, to: null })
      expect((await sourceErrorOf(source.fetch(call, context))).errorClass).toBe('Transient')
    },
  ))

const CALENDAR = ['calendar_date', 'is_trading_day']
const calendarCall = callFor({ dataset: 'trade_calendar', symbols: null, from: null, to: null })
const NEW_YEAR = [
  ['2023-12-29', '1'],
  ['2023-12-30', '0'],
  ['2023-12-31', '0'],
  ['2024-01-01', '0'],
  ['2024-01-02', '1'],
]
const now = () => new Date('2024-01-02T20:00:00+08:00')

test('the calendar reaches to the end of the year; each day knows the session before it', () =>
  serving(
    () => ({ columns: CALENDAR, rows: NEW_YEAR }),
    async ({ source, context, server }) => {
      const { rows } = await source.fetch(calendarCall, context)
      expect(server.queries[0]?.params).toEqual(['1990-12-19', '2024-12-31'])
      expect(rows.map((row) => Object.values(row) as unknown[])).toEqual([
        ['SSE', '2023-12-29', true, null],
        ['SSE', '2023-12-30', false, '2023-12-29'],
        ['SSE', '2023-12-31', false, '2023-12-29'],
        ['SSE', '2024-01-01', false, '2023-12-29'],
        ['SSE', '2024-01-02', true, '2023-12-29'],
      ])
    },
    { now },
  ))

test('the year is that of the exchanges, not of the machine', () =>
  serving(
    () => ({ columns: CALENDAR, rows: NEW_YEAR }),
    async ({ source, context, server }) => {
      await source.fetch(calendarCall, context)
      expect(server.queries[0]?.params[1]).toBe('2024-12-31')
    },
    { now: () => new Date('2023-12-31T16:30:00Z') },
  ))

test.each([
  ['is empty', [], /came empty/],
  ['has a hole', NEW_YEAR.filter(([date]) => date !== '2023-12-30'), /before 2023-12-31 are missing/],
  ['ends before today', NEW_YEAR.slice(0, 2), /ends with 2023-12-30/],
])('a calendar that %s came in part', (_, rows, message) =>
  serving(
    () => ({ columns: CALENDAR, rows }),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(calendarCall, context))
      expect(error.errorClass).toBe('Transient')
      expect(error.message).toMatch(message)
    },
    { now },
  ),
)

test('a server that does not know the new year yet gives what it has', () =>
  serving(
    () => ({ columns: CALENDAR, rows: NEW_YEAR.slice(0, 3) }),
    async ({ source, context }) => {
      expect((await source.fetch(calendarCall, context)).rows).toHaveLength(3)
    },
    { now },
  ))

test('a probe is one small request for what nearly all calls ask for', () =>
  serving(
    () => ({ columns: DAY_FIELDS.split(','), rows: [] }),
    async ({ source, context, server, reserved }) => {
      const { latencyMs } = await source.probe(context)
      expect(latencyMs).toBeGreaterThan(0)
      expect(server.queries.map((query) => query.params)).toEqual([
        ['sh.600000', DAY_FIELDS, '2024-01-02', '2024-01-02', 'd', '3'],
      ])
      expect(reserved).toHaveLength(2)
    },
  ))
