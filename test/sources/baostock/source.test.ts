import { expect, test } from 'vitest'
import type { BarRow } from '../../../sources/contract.ts'
import { DAY_FIELDS } from '../../../sources/baostock/apis.ts'
import { callFor, type Reply, serving, sourceErrorOf } from './upstream.ts'

const DAY_COLUMNS = DAY_FIELDS.split(',')

const LINE: Readonly<Record<string, string>> = {
  date: '2024-01-02',
  code: 'sh.600000',
  open: '6.6300000000',
  high: '6.6500000000',
  low: '6.6000000000',
  close: '6.6000000000',
  preclose: '6.6200000000',
  volume: '22606800',
  amount: '149706421.3900',
  adjustflag: '3',
  turn: '0.077000',
  tradestatus: '1',
  pctChg: '-0.302100',
  peTTM: '5.160000',
  pbMRQ: '0.320000',
  psTTM: '1.080000',
  pcfNcfTTM: '0.740000',
  isST: '0',
}

/** A line of a day, or what differs from it. */
const line = (differs: Record<string, string> = {}): string[] =>
  DAY_COLUMNS.map((name) => differs[name] ?? LINE[name] ?? '')

const BAR: BarRow = {
  symbol: '600000.SH',
  trade_date: '2024-01-02',
  open: 6.63,
  high: 6.65,
  low: 6.6,
  close: 6.6,
  pre_close: 6.62,
  change: null,
  pct_chg: -0.3021,
  volume: '22606800',
  amount: '149706421.39',
  is_st: false,
}

const VALUATION = {
  symbol: '600000.SH',
  trade_date: '2024-01-02',
  turnover_rate: '0.077',
  pe_ttm: '5.16',
  pb: '0.32',
  ps_ttm: '1.08',
  pcf_ncf_ttm: '0.74',
}

const lines =
  (...rows: string[][]) =>
  (): Reply => ({ columns: DAY_COLUMNS, rows })

test('a bar comes in shares, yuan and percent, with the digits that were sent', () =>
  serving(lines(line()), async ({ source, context, server, reserved }) => {
    const answer = await source.fetch(callFor(), context)
    expect(answer).toEqual({
      rows: [BAR],
      alongside: { daily_basic: [VALUATION] },
      codeChanges: [],
      rejected: [],
      requests: 2,
    })
    // All that a day has, unadjusted, with both dates named.
    expect(server.queries[0]?.params).toEqual(['sh.600000', DAY_FIELDS, '2024-01-02', '2024-01-31', 'd', '3'])
    expect(reserved).toEqual(['server', 'server'])
  }))

test('the whole market of a day is one request for its table', () =>
  serving(lines(line(), line({ code: 'sz.000001', isST: '1' })), async ({ source, context, server }) => {
    const day = callFor({ symbols: null, to: '2024-01-02' })
    const { rows } = await source.fetch(day, context)
    expect(rows).toEqual([BAR, { ...BAR, symbol: '000001.SZ', is_st: true }])
    expect(server.queries).toHaveLength(1)
    expect(server.queries[0]).toMatchObject({
      type: '98',
      method: 'query_daily_history_k_AStock',
      params: ['2024-01-02'],
    })
  }))

test.each([
  ['without volume', { volume: '', amount: '' }],
  ['with zeros', { volume: '0', amount: '0.0000' }],
  ['with the volume of the day before', { volume: '22606800', amount: '0.0000' }],
])('a suspended day %s is a suspension, never a bar', (_, differs) =>
  serving(
    lines(line(), line({ date: '2024-01-03', tradestatus: '0', turn: '', ...differs })),
    async ({ source, context }) => {
      const answer = await source.fetch(callFor(), context)
      expect(answer.rows).toEqual([BAR])
      expect(answer.rejected).toEqual([])
      expect(answer.alongside).toEqual({
        suspension: [
          { symbol: '600000.SH', trade_date: '2024-01-03', suspend_type: 'S', suspend_timing: null },
        ],
        daily_basic: [VALUATION],
      })
    },
  ),
)

test.each([
  ['no volume', { volume: '' }, 'volume or amount is missing'],
  ['no amount', { amount: '' }, 'volume or amount is missing'],
  ['no price', { close: '' }, 'a price is missing'],
  ['a price of zero', { low: '0.0000000000' }, 'a price is not positive'],
  ['a high below the low', { high: '6.5000000000' }, 'prices out of order'],
  ['a negative volume', { volume: '-1' }, 'volume or amount is negative'],
  ['a part of a share', { volume: '22606800.5' }, 'volume is not a whole number of shares'],
  ['lots for shares', { volume: '226068' }, 'amount / volume is outside the range of prices: wrong unit'],
  ['thousands of yuan', { amount: '149706.4' }, 'amount / volume is outside the range of prices: wrong unit'],
  ['adjusted prices', { adjustflag: '2' }, 'the prices are adjusted'],
  ['an unknown status', { tradestatus: '' }, 'tradestatus is neither 0 nor 1'],
  ['a date that is none', { date: '2024-02-30' }, 'no valid date'],
  ['another date', { date: '2024-02-01' }, 'not part of what was asked'],
  ['another code', { code: 'sh.600001' }, 'not part of what was asked'],
  ['a code that is none', { code: '600000' }, 'no valid code'],
])('a traded day with %s is rejected with its reason', (_, differs, reason) =>
  serving(lines(line(differs), line()), async ({ source, context }) => {
    const { rows, rejected } = await source.fetch(callFor(), context)
    expect(rows).toEqual([BAR])
    expect(rejected.map((row) => row.reason)).toEqual([reason])
    expect(rejected[0]?.raw).toContain('6.6')
  }),
)

test('what is no A share is none of ours', () =>
  serving(
    lines(
      line(),
      ...['sh.900901', 'sz.200002', 'sh.000001', 'sz.399001', 'bj.920001'].map((code) => line({ code })),
    ),
    async ({ source, context }) => {
      const { rows, rejected } = await source.fetch(callFor({ symbols: null, to: '2024-01-02' }), context)
      expect([rows, rejected]).toEqual([[BAR], []])
    },
  ))

test('no row is no error: whether rows were expected is known elsewhere', () =>
  serving(lines(), async ({ source, context }) => {
    expect(await source.fetch(callFor(), context)).toMatchObject({ rows: [], rejected: [] })
    expect(await source.fetch(callFor({ symbols: null, to: '2024-01-02' }), context)).toMatchObject({
      rows: [],
    })
  }))

test('a table of a day that lost a column is a changed form, with a sample', () =>
  serving(
    () => ({ columns: DAY_COLUMNS.filter((name) => name !== 'tradestatus'), rows: [] }),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor({ symbols: null, to: '2024-01-02' }), context))
      expect([error.errorClass, error.details.upstreamMessage]).toEqual([
        'SchemaDrift',
        'the answer lacks tradestatus',
      ])
      expect(error.details.sample).toContain('preclose')
    },
  ))

const FACTOR_COLUMNS = ['code', 'dividOperateDate', 'foreAdjustFactor', 'backAdjustFactor', 'adjustFactor']
const factorRow = (code: string, date: string) => [code, date, '0.936211', '11.949786', '11.949786']

test('factors of a symbol are asked over its whole life, whatever the call begins with', () =>
  serving(
    () => ({
      columns: FACTOR_COLUMNS,
      rows: [
        factorRow('sh.600000', '2000-07-06'),
        factorRow('sh.600000', '2023-07-21'),
        factorRow('sh.600001', '2023-07-21'),
        factorRow('sh.600000', '2024-07-18'),
      ],
    }),
    async ({ source, context, server }) => {
      const { rows, rejected } = await source.fetch(callFor({ dataset: 'adj_factor' }), context)
      expect(rows).toEqual([
        { symbol: '600000.SH', trade_date: '2000-07-06', factor: 11.949786 },
        { symbol: '600000.SH', trade_date: '2023-07-21', factor: 11.949786 },
      ])
      expect(rejected.map((row) => [row.symbol, row.trade_date])).toEqual([
        ['600001.SH', '2023-07-21'],
        ['600000.SH', '2024-07-18'],
      ])
      expect(server.queries[0]?.params).toEqual(['sh.600000', '1990-01-01', '2024-01-31'])
    },
  ))

test('factors of a day are those whose ex-date it is', () =>
  serving(
    () => ({
      columns: FACTOR_COLUMNS,
      rows: [factorRow('sh.600000', '2024-01-02'), factorRow('sz.000001', '2024-01-03')],
    }),
    async ({ source, context, server }) => {
      const call = callFor({ dataset: 'adj_factor', symbols: null, to: '2024-01-02' })
      const { rows, rejected } = await source.fetch(call, context)
      expect(rows).toEqual([{ symbol: '600000.SH', trade_date: '2024-01-02', factor: 11.949786 }])
      expect(rejected).toHaveLength(1)
      expect(server.queries[0]).toMatchObject({ type: '9C', params: ['2024-01-02'] })
    },
  ))

test('no factor at all is a symbol without events', () =>
  serving(
    () => ({ columns: FACTOR_COLUMNS, rows: [] }),
    async ({ source, context }) => {
      const call = callFor({ dataset: 'adj_factor' })
      expect(await source.fetch(call, context)).toMatchObject({ rows: [], rejected: [] })
    },
  ))

test('suspensions have no call of their own', () =>
  serving(lines(), async ({ source, context, server }) => {
    const error = await sourceErrorOf(source.fetch(callFor({ dataset: 'suspension' }), context))
    expect(error.errorClass).toBe('NotServed')
    expect(server.log).toEqual([])
  }))

test.each([
  ['several symbols', { symbols: ['600000.SH', '000001.SZ'] }],
  ['no symbol', { symbols: [] }],
  ['several days of the whole market', { symbols: null }],
  ['no dates', { from: null }],
])('a call for %s is a mistake of the caller', (_, differs) =>
  serving(lines(), async ({ source, context }) => {
    await expect(source.fetch(callFor(differs), context)).rejects.toThrow(TypeError)
  }),
)
