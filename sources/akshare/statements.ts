import type { TradeDate } from '../../market/date.ts'
import { toCompact } from '../../market/date.ts'
import { isBShare, parseSymbol } from '../../market/symbol.ts'
import { plainDecimal } from '../../market/units.ts'
import type { Ask } from './ask.ts'
import { type Collected, collect, type Mapped, refuseDrift } from './map.ts'
import { checkStatement } from './statement-checks.ts'
import { codeOf, dateOf, numberOf, type Row, textOf } from './values.ts'

/*
 * Statements of the whole market for one report period, from East Money's data centre. Only the newest announcement of
 * each is there. Stocks of Shanghai and Shenzhen; only the key figures also hold Beijing's.
 */

/** Which columns become which fields. `yuan`: exact decimal text; `ratio`: per cent, or yuan a share, as served. */
const STATEMENTS = {
  income: {
    name: 'stock_lrb_em',
    announced: '公告日期',
    yuan: {
      net_profit: '净利润',
      total_revenue: '营业总收入',
      operating_cost: '营业总支出-营业支出',
      sell_exp: '营业总支出-销售费用',
      admin_exp: '营业总支出-管理费用',
      fin_exp: '营业总支出-财务费用',
      total_cost: '营业总支出-营业总支出',
      operating_profit: '营业利润',
      total_profit: '利润总额',
    },
    ratio: { net_profit_yoy: '净利润同比', total_revenue_yoy: '营业总收入同比' },
  },
  balance: {
    name: 'stock_zcfz_em',
    announced: '公告日期',
    yuan: {
      money_cap: '资产-货币资金',
      accounts_receivable: '资产-应收账款',
      inventories: '资产-存货',
      total_assets: '资产-总资产',
      accounts_payable: '负债-应付账款',
      advance_receipts: '负债-预收账款',
      total_liabilities: '负债-总负债',
      total_equity: '股东权益合计',
    },
    ratio: {
      total_assets_yoy: '资产-总资产同比',
      total_liabilities_yoy: '负债-总负债同比',
      debt_to_assets: '资产负债率',
    },
  },
  cashflow: {
    name: 'stock_xjll_em',
    announced: '公告日期',
    yuan: {
      net_cashflow: '净现金流-净现金流',
      operating_cashflow: '经营性现金流-现金流量净额',
      investing_cashflow: '投资性现金流-现金流量净额',
      financing_cashflow: '融资性现金流-现金流量净额',
    },
    ratio: {
      net_cashflow_yoy: '净现金流-同比增长',
      operating_share: '经营性现金流-净现金流占比',
      investing_share: '投资性现金流-净现金流占比',
      financing_share: '融资性现金流-净现金流占比',
    },
  },
  key_figures: {
    name: 'stock_yjbb_em',
    announced: '最新公告日期',
    yuan: { total_revenue: '营业总收入-营业总收入', net_profit: '净利润-净利润' },
    ratio: {
      eps: '每股收益',
      bps: '每股净资产',
      ocfps: '每股经营现金流量',
      roe: '净资产收益率',
      gross_margin: '销售毛利率',
      total_revenue_yoy: '营业总收入-同比增长',
      total_revenue_qoq: '营业总收入-季度环比增长',
      net_profit_yoy: '净利润-同比增长',
      net_profit_qoq: '净利润-季度环比增长',
    },
  },
} as const

export type Statement = keyof typeof STATEMENTS

type YuanOf<S extends Statement> = Extract<keyof (typeof STATEMENTS)[S]['yuan'], string>
type RatioOf<S extends Statement> = Extract<keyof (typeof STATEMENTS)[S]['ratio'], string>

/** One stock's figures of one period. Null: not served, which is not zero. */
export interface StatementRow<S extends Statement = Statement> {
  symbol: string
  statement: S
  period_end: TradeDate
  /** Of the newest version; older ones are not served. */
  ann_date: TradeDate
  name: string | null
  /** Yuan. */
  yuan: Record<YuanOf<S>, string | null>
  /** Per cent; per share: yuan. */
  ratio: Record<RatioOf<S>, number | null>
}

/** A statement of the whole market for one period, the last day of a quarter. */
export async function statements<S extends Statement>(
  ask: Ask,
  statement: S,
  period: TradeDate,
): Promise<Collected<StatementRow<S>> & { requests: number }> {
  const { name } = STATEMENTS[statement]
  const items = await ask(name, { date: toCompact(period) })
  checkStatement(name, items)
  const collected = collect(
    items,
    (row) => mapStatement(row, statement, period),
    (row) => ({ symbol: symbolIn(row), trade_date: null }),
  )
  refuseDrift(name, items, collected)
  return { ...collected, requests: 1 }
}

function mapStatement<S extends Statement>(
  row: Row,
  statement: S,
  period: TradeDate,
): Mapped<StatementRow<S>> {
  const code = codeOf(row.股票代码)
  if (code === null) return { reason: 'no valid code' }
  // Since October 2025 every stock of Beijing is 920xxx: 4 and 8 are companies that no exchange lists.
  if (/^[48]/.test(code)) return null
  const symbol = symbolIn(row)
  if (symbol === null) return { reason: 'no valid code' }
  if (isBShare(symbol)) return null
  const { announced, yuan, ratio } = STATEMENTS[statement]
  const ann_date = dateOf(row[announced])
  if (ann_date === null) return { reason: 'no date of the announcement' }
  if (ann_date <= period) return { reason: 'announced before the period ended' }
  return {
    symbol,
    statement,
    period_end: period,
    ann_date,
    name: textOf(row.股票简称),
    yuan: each<YuanOf<S>, string | null>(yuan, (column) => {
      const value = numberOf(row[column])
      return value === null ? null : plainDecimal(value)
    }),
    ratio: each<RatioOf<S>, number | null>(ratio, (column) => numberOf(row[column])),
  }
}

const symbolIn = (row: Row): string | null => parseSymbol(codeOf(row.股票代码) ?? '')

const each = <K extends string, T>(
  columns: Readonly<Record<string, string>>,
  read: (column: string) => T,
): Record<K, T> =>
  Object.fromEntries(
    Object.entries<string>(columns).map(([field, column]) => [field, read(column)]),
  ) as Record<K, T>
