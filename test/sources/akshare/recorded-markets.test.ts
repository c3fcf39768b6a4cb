import { describe, expect, test } from 'vitest'
import { statements } from '../../../sources/akshare/statements.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import type { BarRow } from '../../../sources/contract.ts'
import { hasRecordedData } from '../../support/recorded.ts'
import { asHistory, asSnapshot, recordedBars, recordedValues, recordedStatements } from './recorded.ts'
import { askOf, callFor, sourceErrorOf, withBridge } from './upstream.ts'

describe.skipIf(!hasRecordedData)('real markets, as East Money would show them', () => {
  test.each(['600519.SH', '600036.SH'])('two years of %s come as they are', (symbol) => {
    const bars = recordedBars('daily_2stocks_202309_202510_reconstructed')
      .filter((bar) => bar.symbol === symbol)
      .sort((a, b) => (a.date < b.date ? -1 : 1))
    return withBridge(
      () => bars.map(asHistory),
      async ({ source, context }) => {
        const call = callFor({ symbols: [symbol], from: bars[0]?.date ?? '', to: bars.at(-1)?.date ?? '' })
        const answer = await source.fetch(call, context)
        expect(answer.rejected).toEqual([])
        expect(
          (answer.rows as BarRow[]).map((row) => [row.trade_date, row.open, row.close, row.volume]),
        ).toEqual(bars.map((bar) => [bar.date, bar.open, bar.close, `${Math.round(bar.vol)}00`]))
      },
    )
  })

  test.each(['2026-03-20', '2026-04-01'])('of the whole market of %s nearly every stock passes', (date) => {
    const bars = recordedBars('daily_market_20260320_20260401').filter((bar) => bar.date === date)
    const values = recordedValues(date)
    return withBridge(
      ({ name, params }) =>
        name === 'stock_zh_a_spot_em'
          ? bars.map((bar, i) => ({ ...asSnapshot(bar, i), ...values.get(bar.symbol) }))
          : bars.filter((bar) => bar.symbol.startsWith(params.symbol ?? '')).map(asHistory),
      async ({ source, context }) => {
        const call = callFor({ symbols: null, from: date, to: date, rows: 5_550 })
        const answer = await source.fetch(call, context)
        const rows = answer.rows as BarRow[]
        expect(answer.rejected.map(({ symbol, reason }) => [symbol, reason])).toEqual([])
        expect(rows).toHaveLength(bars.length)
        expect(rows.filter((row) => row.change === null || row.pre_close === null)).toEqual([])
        const valued = answer.alongside?.daily_basic ?? []
        expect(valued).toHaveLength(bars.length)
        expect(valued.map((row) => [row.symbol, row.total_mv, row.circ_mv])).toEqual(
          bars.map(({ symbol }) => [
            symbol,
            values.get(symbol)?.总市值 ?? null,
            values.get(symbol)?.流通市值 ?? null,
          ]),
        )
      },
      { clock: () => new Date(`${date}T09:00:00Z`) },
    )
  })

  const growth: Row = { 净利润同比: null, 营业总收入同比: null }

  test.each([
    [
      'income',
      'income',
      {
        净利润: 'n_income_attr_p',
        营业总收入: 'total_revenue',
        '营业总支出-营业支出': 'oper_cost',
        '营业总支出-销售费用': 'sell_exp',
        '营业总支出-管理费用': 'admin_exp',
        '营业总支出-财务费用': 'fin_exp',
        '营业总支出-营业总支出': 'total_cogs',
        营业利润: 'operate_profit',
        利润总额: 'total_profit',
      },
      () => growth,
    ],
    [
      'balance_sheet',
      'balancesheet',
      {
        '资产-货币资金': 'money_cap',
        '资产-应收账款': 'accounts_receiv',
        '资产-存货': 'inventories',
        '资产-总资产': 'total_assets',
        '负债-应付账款': 'acct_payable',
        '负债-总负债': 'total_liab',
        '负债-预收账款': 'adv_receipts',
        股东权益合计: 'total_hldr_eqy_inc_min_int',
      },
      (row: Readonly<Record<string, number | null>>) => ({
        '资产-总资产同比': null,
        '负债-总负债同比': null,
        资产负债率: (Number(row['负债-总负债']) / Number(row['资产-总资产'])) * 100,
      }),
    ],
    [
      'cash_flow',
      'cashflow',
      {
        '净现金流-净现金流': 'n_incr_cash_cash_equ',
        '经营性现金流-现金流量净额': 'n_cashflow_act',
        '投资性现金流-现金流量净额': 'n_cashflow_inv_act',
        '融资性现金流-现金流量净额': 'n_cash_flows_fnc_act',
      },
      (row: Readonly<Record<string, number | null>>) => ({
        '净现金流-同比增长': null,
        '经营性现金流-净现金流占比':
          (Number(row['经营性现金流-现金流量净额']) / Number(row['净现金流-净现金流'])) * 100,
        '投资性现金流-净现金流占比': null,
        '融资性现金流-净现金流占比': null,
      }),
    ],
  ] as const)(
    '500 real companies agree with the sums of their %s, and no longer when its names moved by one',
    (statement, file, columns, more) => {
      const rows = recordedStatements(file, columns, more)
      const names = Object.keys(columns)
      // What AKShare makes of a field that the site inserts: each name holds what its neighbour held.
      const moved = rows.map((row) => ({
        ...row,
        ...Object.fromEntries(names.map((name, i) => [name, row[names[(i + 1) % names.length] ?? '']])),
      }))
      return withBridge(
        (_, nth) => (nth === 1 ? rows : moved),
        async (bridge) => {
          // Announced before the recorded period ended are those of the periods before it.
          const answer = await statements(askOf(bridge), statement, '2024-09-30')
          expect(answer.rows.length + answer.rejected.length).toBe(rows.length)
          expect(answer.rows.length).toBeGreaterThan(1_000)
          const error = await sourceErrorOf(statements(askOf(bridge), statement, '2024-09-30'))
          expect(error.errorClass).toBe('SchemaDrift')
        },
      )
    },
  )
})
