import { describe, expect, test } from 'vitest'
import { LAYOUTS } from '../../../sources/akshare/columns.ts'
import type { ReportDataset } from '../../../market/datasets.ts'
import { statements } from '../../../sources/akshare/statements.ts'
import type { Row } from '../../../sources/akshare/values.ts'
import { changed } from './rows.ts'
import { askOf, sourceErrorOf, withBridge } from './upstream.ts'

const PERIOD = '2024-03-31'
const HEAD = { 序号: 1, 股票代码: '600519', 股票简称: '贵州茅台' }

const INCOME: Row = {
  ...HEAD,
  净利润: 24_065_320_531.12,
  净利润同比: 15.73,
  营业总收入: 46_484_969_041.5,
  营业总收入同比: 18.04,
  '营业总支出-营业支出': 3_420_000_000,
  '营业总支出-销售费用': 1_180_000_000,
  '营业总支出-管理费用': 2_000_000_000,
  '营业总支出-财务费用': -340_000_000,
  '营业总支出-营业总支出': 12_900_000_000,
  营业利润: 33_700_000_000,
  利润总额: 33_690_000_000,
  公告日期: '2024-04-27T00:00:00.000',
}

const BALANCE: Row = {
  ...HEAD,
  '资产-货币资金': 70_000_000_000,
  '资产-应收账款': null,
  '资产-存货': 46_000_000_000,
  '资产-总资产': 286_000_000_000,
  '资产-总资产同比': 9.1,
  '负债-应付账款': 3_000_000_000,
  '负债-总负债': 40_040_000_000,
  '负债-预收账款': null,
  '负债-总负债同比': 1.5,
  资产负债率: 14,
  股东权益合计: 245_960_000_000,
  公告日期: '2024-04-27T00:00:00.000',
}

const CASHFLOW: Row = {
  ...HEAD,
  '净现金流-净现金流': 5_000_000_000,
  '净现金流-同比增长': -30.2,
  '经营性现金流-现金流量净额': 9_000_000_000,
  '经营性现金流-净现金流占比': 180,
  '投资性现金流-现金流量净额': -3_000_000_000,
  '投资性现金流-净现金流占比': -60,
  '融资性现金流-现金流量净额': -1_000_000_000,
  '融资性现金流-净现金流占比': -20,
  公告日期: '2024-04-27T00:00:00.000',
}

const KEY_FIGURES: Row = {
  ...HEAD,
  每股收益: 19.16,
  '营业总收入-营业总收入': 46_484_969_041.5,
  '营业总收入-同比增长': 18.04,
  '营业总收入-季度环比增长': 2.3,
  '净利润-净利润': 24_065_320_531.12,
  '净利润-同比增长': 15.73,
  '净利润-季度环比增长': 9.9,
  每股净资产: 190.8,
  净资产收益率: 10.57,
  每股经营现金流量: 7.3,
  销售毛利率: 92.6,
  所处行业: '酿酒行业',
  最新公告日期: '2024-04-27T00:00:00.000',
}

const ROWS: Record<ReportDataset, Row> = {
  income: INCOME,
  balance_sheet: BALANCE,
  cash_flow: CASHFLOW,
  fin_indicator: KEY_FIGURES,
}
const NAMES = {
  income: 'stock_lrb_em',
  balance_sheet: 'stock_zcfz_em',
  cash_flow: 'stock_xjll_em',
  fin_indicator: 'stock_yjbb_em',
} as const
const ALL = Object.keys(ROWS) as ReportDataset[]

test("an income statement comes under Tushare's names, without what is not served", () =>
  withBridge(
    () => [{ ...INCOME, '营业总支出-销售费用': null }],
    async (bridge) => {
      const { rows } = await statements(askOf(bridge), 'income', PERIOD)
      expect(rows).toEqual([
        {
          symbol: '600519.SH',
          period_end: PERIOD,
          report_type: '1',
          comp_type: null,
          ann_date: null,
          f_ann_date: '2024-04-27',
          update_flag: null,
          items: {
            n_income_attr_p: 24_065_320_531.12,
            netprofit_yoy: 15.73,
            total_revenue: 46_484_969_041.5,
            tr_yoy: 18.04,
            oper_cost: 3_420_000_000,
            admin_exp: 2_000_000_000,
            fin_exp: -340_000_000,
            total_cogs: 12_900_000_000,
            operate_profit: 33_700_000_000,
            total_profit: 33_690_000_000,
          },
        },
      ])
    },
  ))

test.each(ALL)('the market of a period is one call for %s, every column of it has a field', (statement) =>
  withBridge(
    () => [ROWS[statement]],
    async (bridge) => {
      const { rows, requests } = await statements(askOf(bridge), statement, PERIOD)
      expect(bridge.asked).toMatchObject([{ name: NAMES[statement], params: { date: '20240331' } }])
      expect(requests).toBe(1)
      const numbers = Object.entries(LAYOUTS[NAMES[statement]].used).filter(([, kind]) =>
        kind.startsWith('number'),
      )
      const served = numbers.filter(([column]) => ROWS[statement][column] !== null)
      expect(Object.values(rows[0]?.items ?? {}).sort()).toEqual(
        served.map(([column]) => ROWS[statement][column]).sort(),
      )
    },
  ),
)

test('companies that no exchange lists, and B shares, are left out of the key figures', () =>
  withBridge(
    () =>
      ['600519', '400055', '873989', '430717', '900901', '920017', '000001'].map((code) => ({
        ...KEY_FIGURES,
        股票代码: code,
      })),
    async (bridge) => {
      const { rows, rejected } = await statements(askOf(bridge), 'fin_indicator', PERIOD)
      expect(rows.map((row) => row.symbol)).toEqual(['600519.SH', '920017.BJ', '000001.SZ'])
      expect(rejected).toEqual([])
    },
  ))

test.each([
  ['no date of its announcement', { 公告日期: null }, 'no date of the announcement'],
  ['an announcement of the last day itself', { 公告日期: '2024-03-31' }, 'announced before the period ended'],
  ['a code that lost its zeros', { 股票代码: 1 }, 'no valid code'],
])('one statement with %s is refused', (_, differs, reason) =>
  withBridge(
    () => [INCOME, INCOME, { ...INCOME, ...differs }],
    async (bridge) => {
      const { rows, rejected } = await statements(askOf(bridge), 'income', PERIOD)
      expect([rows.length, rejected.map((row) => row.reason)]).toEqual([2, [reason]])
    },
  ),
)

describe('names that moved by a column bring nothing', () => {
  /** What AKShare makes of a field that the site inserts: each name holds what its neighbour held. */
  const shifted = (row: Row): Row => {
    const names = Object.keys(row).filter((name) => typeof row[name] === 'number' && name !== '序号')
    return {
      ...row,
      ...Object.fromEntries(names.map((name, i) => [name, row[names[(i + 1) % names.length] ?? '']])),
    }
  }

  test.each(ALL)('of %s', (statement) =>
    withBridge(
      () => Array.from({ length: 20 }, () => shifted(ROWS[statement])),
      async (bridge) => {
        const error = await sourceErrorOf(statements(askOf(bridge), statement, PERIOD))
        expect(error.errorClass).toBe('SchemaDrift')
      },
    ),
  )

  test.each<[ReportDataset, string]>([
    ['income', '利润总额'],
    ['income', '营业利润'],
    ['income', '净利润'],
    ['income', '营业总收入'],
    ['income', '营业总支出-营业总支出'],
    ['balance_sheet', '资产-总资产'],
    ['balance_sheet', '负债-总负债'],
    ['balance_sheet', '股东权益合计'],
    ['balance_sheet', '资产负债率'],
    ['cash_flow', '净现金流-净现金流'],
    ['cash_flow', '经营性现金流-现金流量净额'],
    ['cash_flow', '投资性现金流-现金流量净额'],
    ['cash_flow', '融资性现金流-现金流量净额'],
    ['cash_flow', '经营性现金流-净现金流占比'],
    ['fin_indicator', '每股收益'],
    ['fin_indicator', '每股净资产'],
    ['fin_indicator', '净资产收益率'],
    ['fin_indicator', '销售毛利率'],
  ])('of %s with %s in another unit', (statement, column) =>
    withBridge(
      () => changed([ROWS[statement]], column, (value) => Number(value) * 100),
      async (bridge) => {
        const error = await sourceErrorOf(statements(askOf(bridge), statement, PERIOD))
        expect([error.errorClass, bridge.source.siteOf(error.details.api)]).toEqual([
          'SchemaDrift',
          'eastmoney',
        ])
      },
    ),
  )
})

test('a period without rows cannot be told from a block', () =>
  withBridge(
    () => ({ status: 500, body: 'Internal Server Error' }),
    async (bridge) => {
      expect((await sourceErrorOf(statements(askOf(bridge), 'income', '2030-03-31'))).errorClass).toBe(
        'SourceDown',
      )
    },
  ))

test('a day within a quarter is no period', () =>
  withBridge(
    () => [INCOME],
    async (bridge) => {
      const error = await sourceErrorOf(statements(askOf(bridge), 'income', '2024-04-01'))
      expect([error.errorClass, bridge.asked.length]).toEqual(['BadRequest', 0])
    },
  ))
