import type { ReportDataset } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import { toCompact } from '../../market/date.ts'
import { isBShare, parseSymbol } from '../../market/symbol.ts'
import type { ReportRow } from '../contract.ts'
import type { Ask } from './ask.ts'
import type { AkshareFunction } from './functions.ts'
import { type Collected, collect, type Mapped, refuseDrift } from './map.ts'
import { checkStatement } from './statement-checks.ts'
import { codeOf, dateOf, numberOf, type Row } from './values.ts'

/*
 * Statements of the whole market for one report period, from East Money's data centre. Only the newest announcement of
 * each is there. Stocks of Shanghai and Shenzhen; only the key figures also hold Beijing's.
 */

interface Layout {
  name: Extract<AkshareFunction, 'stock_lrb_em' | 'stock_zcfz_em' | 'stock_xjll_em' | 'stock_yjbb_em'>
  announced: string
  /** Field → column. Yuan, yuan a share or per cent, as served. */
  fields: Readonly<Record<string, string>>
}

/**
 * Which columns become which fields: Tushare's names where it has the same figure, names of our own where it has none like
 * it. East Money's net profit is that of the parent's owners, its return on equity the weighted one, its quarters in
 * "quarter on quarter" are single ones.
 */
const STATEMENTS: Record<ReportDataset, Layout> = {
  income: {
    name: 'stock_lrb_em',
    announced: '公告日期',
    fields: {
      n_income_attr_p: '净利润',
      netprofit_yoy: '净利润同比',
      total_revenue: '营业总收入',
      tr_yoy: '营业总收入同比',
      oper_cost: '营业总支出-营业支出',
      sell_exp: '营业总支出-销售费用',
      admin_exp: '营业总支出-管理费用',
      fin_exp: '营业总支出-财务费用',
      total_cogs: '营业总支出-营业总支出',
      operate_profit: '营业利润',
      total_profit: '利润总额',
    },
  },
  balance_sheet: {
    name: 'stock_zcfz_em',
    announced: '公告日期',
    fields: {
      money_cap: '资产-货币资金',
      accounts_receiv: '资产-应收账款',
      inventories: '资产-存货',
      total_assets: '资产-总资产',
      assets_yoy: '资产-总资产同比',
      acct_payable: '负债-应付账款',
      adv_receipts: '负债-预收账款',
      total_liab: '负债-总负债',
      // As BaoStock's growth of debts is called here.
      liability_yoy: '负债-总负债同比',
      debt_to_assets: '资产负债率',
      total_hldr_eqy_inc_min_int: '股东权益合计',
    },
  },
  cash_flow: {
    name: 'stock_xjll_em',
    announced: '公告日期',
    fields: {
      n_incr_cash_cash_equ: '净现金流-净现金流',
      n_cashflow_act: '经营性现金流-现金流量净额',
      n_cashflow_inv_act: '投资性现金流-现金流量净额',
      n_cash_flows_fnc_act: '融资性现金流-现金流量净额',
      // Parts of the net flow, in per cent of it: nobody else has them.
      net_cashflow_yoy: '净现金流-同比增长',
      operating_share: '经营性现金流-净现金流占比',
      investing_share: '投资性现金流-净现金流占比',
      financing_share: '融资性现金流-净现金流占比',
    },
  },
  fin_indicator: {
    name: 'stock_yjbb_em',
    announced: '最新公告日期',
    fields: {
      eps: '每股收益',
      bps: '每股净资产',
      ocfps: '每股经营现金流量',
      roe_waa: '净资产收益率',
      grossprofit_margin: '销售毛利率',
      // Figures of the income statement, which the indicators of others do not repeat.
      total_revenue: '营业总收入-营业总收入',
      n_income_attr_p: '净利润-净利润',
      tr_yoy: '营业总收入-同比增长',
      q_gr_qoq: '营业总收入-季度环比增长',
      netprofit_yoy: '净利润-同比增长',
      q_netprofit_qoq: '净利润-季度环比增长',
    },
  },
}

/**
 * A statement of the whole market for one period, the last day of a quarter.
 *
 * @param cost requests of the site behind the call: pages of 500 rows
 */
export async function statements(
  ask: Ask,
  statement: ReportDataset,
  period: TradeDate,
  cost = 1,
): Promise<Collected<ReportRow> & { requests: number }> {
  const { name } = STATEMENTS[statement]
  const items = await ask(name, { date: toCompact(period) }, cost)
  checkStatement(name, items)
  const collected = collect(
    items,
    (row) => mapStatement(row, statement, period),
    (row) => ({ symbol: symbolIn(row), trade_date: null }),
  )
  refuseDrift(name, items, collected)
  return { ...collected, requests: 1 }
}

function mapStatement(row: Row, statement: ReportDataset, period: TradeDate): Mapped<ReportRow> {
  const code = codeOf(row.股票代码)
  if (code === null) return { reason: 'no valid code' }
  // Since October 2025 every stock of Beijing is 920xxx: 4 and 8 are companies that no exchange lists.
  if (/^[48]/.test(code)) return null
  const symbol = symbolIn(row)
  if (symbol === null) return { reason: 'no valid code' }
  if (isBShare(symbol)) return null
  const { announced, fields } = STATEMENTS[statement]
  const published = dateOf(row[announced])
  if (published === null) return { reason: 'no date of the announcement' }
  if (published <= period) return { reason: 'announced before the period ended' }
  const items = Object.entries(fields).flatMap(([field, column]): [string, number][] => {
    const value = numberOf(row[column])
    return value === null ? [] : [[field, value]]
  })
  return {
    symbol,
    period_end: period,
    report_type: '1',
    comp_type: null,
    // The date is that of the newest version; when the first came out is not said.
    ann_date: null,
    f_ann_date: published,
    update_flag: null,
    items: Object.fromEntries(items),
  }
}

const symbolIn = (row: Row): string | null => parseSymbol(codeOf(row.股票代码) ?? '')
