import { expect, test } from 'vitest'
import { DAY_FIELDS } from '../../../sources/baostock/apis.ts'
import { callFor, type Reply, serving } from './upstream.ts'

const COLUMNS = DAY_FIELDS.split(',')

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
  peTTM: '-5.160000',
  pbMRQ: '0.320000',
  psTTM: '',
  pcfNcfTTM: '-0.740000',
  isST: '0',
}

const answering =
  (...lines: Record<string, string>[]) =>
  (): Reply => ({
    columns: COLUMNS,
    rows: lines.map((differs) => COLUMNS.map((name) => differs[name] ?? LINE[name] ?? '')),
  })

const VALUATION = {
  symbol: '600000.SH',
  trade_date: '2024-01-02',
  turnover_rate: '0.077',
  pe_ttm: '-5.16',
  pb: '0.32',
  ps_ttm: null,
  pcf_ncf_ttm: '-0.74',
}

test('ratios of a company that lost money are negative, and what is empty is missing', () =>
  serving(answering({}), async ({ source, context }) => {
    const { alongside } = await source.fetch(callFor(), context)
    expect(alongside?.daily_basic).toEqual([VALUATION])
  }))

test('asked for alone they are the lines of the bars again, and suspended days have none', () =>
  serving(
    answering({}, { date: '2024-01-03', tradestatus: '0', turn: '' }),
    async ({ source, context, server }) => {
      const answer = await source.fetch(callFor({ dataset: 'daily_basic' }), context)
      expect(answer.rows).toEqual([VALUATION])
      expect(answer.alongside).toEqual({
        suspension: [
          { symbol: '600000.SH', trade_date: '2024-01-03', suspend_type: 'S', suspend_timing: null },
        ],
      })
      expect(server.queries).toHaveLength(1)
    },
  ))

test('the whole market of a day is one request', () =>
  serving(answering({}, { code: 'sz.000001' }), async ({ source, context, server }) => {
    const call = callFor({ dataset: 'daily_basic', symbols: null, to: '2024-01-02' })
    const { rows } = await source.fetch(call, context)
    expect(rows).toEqual([VALUATION, { ...VALUATION, symbol: '000001.SZ' }])
    expect(server.queries).toMatchObject([{ type: '98' }])
  }))

test('a valuation without its bar does not come along: both are missing then', () =>
  serving(answering({ high: '1.0000000000' }), async ({ source, context }) => {
    const answer = await source.fetch(callFor(), context)
    expect([answer.rows, answer.alongside?.daily_basic]).toEqual([[], []])
  }))

test('a negative turnover is no valuation', () =>
  serving(answering({ turn: '-1.000000' }), async ({ source, context }) => {
    const answer = await source.fetch(callFor({ dataset: 'daily_basic' }), context)
    expect(answer.rows).toEqual([])
    expect(answer.rejected.map(({ reason }) => reason)).toEqual(['turnover_rate is negative'])
  }))
