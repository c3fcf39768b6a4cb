import { newestVersion, type Statement } from '../reports.ts'
import { type Cell, columns, type Frame, type FrameColumn } from './frame.ts'
import { digitsOf } from './instruments.ts'
import { PythonError } from './python-error.ts'
import type { Arguments } from './query.ts'
import { createFunction, pagesOf, type ToolContext, type ToolFunction } from './tool-function.ts'

/*
 * Reports by period from East Money's data centre: the newest version of each, key figures only.
 */

type Figures = Readonly<Record<string, number>>
type Read = (figures: Figures) => number | null

const figure =
  (name: string): Read =>
  (figures) =>
    figures[name] ?? null
const unknown: Read = () => null
const share =
  (part: string, whole: string): Read =>
  (figures) => {
    const [a, b] = [figures[part], figures[whole]]
    return a === undefined || b === undefined || b === 0 ? null : (a / b) * 100
  }

interface Report {
  readonly name: string
  /** What it is when it is left out. */
  readonly date: string
  readonly statement: Statement
  readonly announced: string
  readonly hasBeijing: boolean
  readonly numbers: Readonly<Record<string, Read>>
}

const REPORTS: readonly Report[] = [
  {
    name: 'stock_lrb_em',
    date: '20240331',
    statement: 'income',
    announced: '公告日期',
    hasBeijing: false,
    numbers: {
      净利润: figure('n_income_attr_p'),
      净利润同比: unknown,
      营业总收入: figure('total_revenue'),
      营业总收入同比: unknown,
      '营业总支出-营业支出': figure('oper_cost'),
      '营业总支出-销售费用': figure('sell_exp'),
      '营业总支出-管理费用': figure('admin_exp'),
      '营业总支出-财务费用': figure('fin_exp'),
      '营业总支出-营业总支出': figure('total_cogs'),
      营业利润: figure('operate_profit'),
      利润总额: figure('total_profit'),
    },
  },
  {
    name: 'stock_zcfz_em',
    date: '20240331',
    statement: 'balance_sheet',
    announced: '公告日期',
    hasBeijing: false,
    numbers: {
      '资产-货币资金': figure('money_cap'),
      '资产-应收账款': figure('accounts_receiv'),
      '资产-存货': figure('inventories'),
      '资产-总资产': figure('total_assets'),
      '资产-总资产同比': unknown,
      '负债-应付账款': figure('acct_payable'),
      '负债-总负债': figure('total_liab'),
      '负债-预收账款': figure('adv_receipts'),
      '负债-总负债同比': unknown,
      资产负债率: share('total_liab', 'total_assets'),
      股东权益合计: figure('total_hldr_eqy_inc_min_int'),
    },
  },
  {
    name: 'stock_xjll_em',
    date: '20240331',
    statement: 'cash_flow',
    announced: '公告日期',
    hasBeijing: false,
    numbers: {
      '净现金流-净现金流': figure('n_incr_cash_cash_equ'),
      '净现金流-同比增长': unknown,
      '经营性现金流-现金流量净额': figure('n_cashflow_act'),
      '经营性现金流-净现金流占比': share('n_cashflow_act', 'n_incr_cash_cash_equ'),
      '投资性现金流-现金流量净额': figure('n_cashflow_inv_act'),
      '投资性现金流-净现金流占比': share('n_cashflow_inv_act', 'n_incr_cash_cash_equ'),
      '融资性现金流-现金流量净额': figure('n_cash_flows_fnc_act'),
      '融资性现金流-净现金流占比': share('n_cash_flows_fnc_act', 'n_incr_cash_cash_equ'),
    },
  },
  {
    name: 'stock_yjbb_em',
    date: '20200331',
    statement: 'fin_indicator',
    announced: '最新公告日期',
    hasBeijing: true,
    numbers: {
      每股收益: figure('eps'),
      '营业总收入-营业总收入': figure('total_revenue'),
      '营业总收入-同比增长': figure('tr_yoy'),
      '营业总收入-季度环比增长': unknown,
      '净利润-净利润': figure('n_income_attr_p'),
      '净利润-同比增长': figure('netprofit_yoy'),
      '净利润-季度环比增长': unknown,
      每股净资产: figure('bps'),
      净资产收益率: figure('roe_waa'),
      每股经营现金流量: figure('ocfps'),
      销售毛利率: figure('grossprofit_margin'),
    },
  },
]

function frameOf(report: Report, { market }: ToolContext, { date = '' }: Arguments): Frame {
  const { statement, hasBeijing, numbers, announced } = report
  const rows = market.instruments.flatMap((instrument): Cell[][] => {
    // The site knows no codes with letters.
    if ((instrument.exchange === 'BSE' && !hasBeijing) || !/^\d{6}/.test(instrument.code)) return []
    const version = newestVersion(market, instrument, statement, date)
    if (!version) return []
    // The key figures hold some of the income statement.
    const income = statement === 'fin_indicator' && newestVersion(market, instrument, 'income', date)
    const figures = { ...(income ? income.figures : {}), ...version.figures }
    const cells = Object.values(numbers).map((read) => read(figures))
    const industry = hasBeijing ? [instrument.industry] : []
    return [[digitsOf(instrument.code), instrument.name, ...cells, ...industry, version.published]]
  })
  // No rows are no result, and AKShare does not test for it.
  if (rows.length === 0) throw new PythonError('no result')
  const shape: FrameColumn[] = [
    ...columns('int', '序号'),
    ...columns('text', '股票代码', '股票简称'),
    ...columns('float', ...Object.keys(numbers)),
    ...(hasBeijing ? columns('text', '所处行业') : []),
    ...columns('date', announced),
  ]
  return { columns: shape, rows: rows.map((row, at) => [at + 1, ...row]) }
}

const PAGE_ROWS = 500

export const REPORT_FUNCTIONS: readonly ToolFunction[] = REPORTS.map((report) =>
  createFunction({
    name: report.name,
    site: 'eastmoney',
    parameters: { date: report.date },
    subject: ({ date = '' }) => ({ date }),
    requests: (market) => pagesOf(market.instruments.length, PAGE_ROWS),
    frame: (context, args) => frameOf(report, context, args),
  }),
)
