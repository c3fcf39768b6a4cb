import { failure } from './failure.ts'
import type { AkshareFunction } from './functions.ts'
import { codeOf, countOf, dateOf, decimalOf, numberOf, type Row, textOf } from './values.ts'

/*
 * The columns that each function must have, checked on every answer: sites change their fields several times a year and
 * AKShare names many of them by position only. Order and number of columns say nothing.
 */

const KINDS = {
  date: { holds: dateOf, noun: 'dates' },
  code: { holds: codeOf, noun: 'codes of six characters' },
  text: { holds: textOf, noun: 'text' },
  number: { holds: numberOf, noun: 'numbers' },
  count: { holds: countOf, noun: 'whole numbers' },
  decimal: { holds: decimalOf, noun: 'decimals' },
} as const

type Kind = keyof typeof KINDS
/** With `?`, the column may be empty as a whole; without, more than half of it has to be there. */
type Column = Kind | `${Kind}?`

interface Layout {
  /** What is read, with units where the name does not say them. */
  used: Readonly<Record<string, Column>>
  /** Other columns as of AKShare 1.19.5: known, so that a new one in place of a missing one can be named. */
  known: readonly string[]
}

const LISTED = { 证券代码: 'code', 证券简称: 'text' } as const
const REPORT = { 股票代码: 'code', 股票简称: 'text?' } as const

export const LAYOUTS = {
  tool_trade_date_hist_sina: { used: { trade_date: 'date' }, known: [] },
  stock_info_sh_name_code: {
    used: { ...LISTED, 公司全称: 'text?', 上市日期: 'date' },
    known: ['证券全称', '公司简称'],
  },
  stock_info_sz_name_code: {
    // Shares, as text with thousands separators.
    used: {
      板块: 'text',
      A股代码: 'code',
      A股简称: 'text',
      A股上市日期: 'date',
      A股总股本: 'count?',
      A股流通股本: 'count?',
      所属行业: 'text?',
    },
    known: [],
  },
  stock_info_bj_name_code: {
    // Shares.
    used: {
      ...LISTED,
      总股本: 'count?',
      流通股本: 'count?',
      上市日期: 'date',
      所属行业: 'text?',
      地区: 'text?',
    },
    known: ['报告日期'],
  },
  stock_info_sh_delist: {
    // 暂停上市日期 says "suspended" and is the day of the delisting.
    used: { 公司代码: 'code', 公司简称: 'text', 上市日期: 'date', 暂停上市日期: 'date' },
    known: [],
  },
  stock_info_sz_delist: { used: { ...LISTED, 上市日期: 'date', 终止上市日期: 'date' }, known: [] },
  stock_zh_a_hist: {
    // Prices in yuan, 成交量 in lots, 成交额 in yuan. On the wire the close comes before high and low.
    used: {
      日期: 'date',
      股票代码: 'code',
      开盘: 'number',
      收盘: 'number',
      最高: 'number',
      最低: 'number',
      成交量: 'number',
      成交额: 'number',
      涨跌幅: 'number',
      涨跌额: 'number',
    },
    known: ['振幅', '换手率'],
  },
  stock_zh_index_daily_em: {
    // Points, lots, yuan; the dates are plain.
    used: {
      date: 'date',
      open: 'number',
      close: 'number',
      high: 'number',
      low: 'number',
      volume: 'number',
      amount: 'number?',
    },
    known: [],
  },
  stock_zh_a_spot_em: {
    // As stock_zh_a_hist; what did not trade has nulls everywhere but in 昨收.
    used: {
      代码: 'code',
      最新价: 'number',
      涨跌幅: 'number',
      涨跌额: 'number',
      成交量: 'number',
      成交额: 'number',
      最高: 'number',
      最低: 'number',
      今开: 'number',
      昨收: 'number',
      // Per cent and ratios; yuan.
      量比: 'number?',
      换手率: 'number?',
      '市盈率-动态': 'number?',
      市净率: 'number?',
      总市值: 'number?',
      流通市值: 'number?',
    },
    known: ['序号', '名称', '振幅', '涨速', '5分钟涨跌', '60日涨跌幅', '年初至今涨跌幅'],
  },
  stock_zh_a_daily: { used: { date: 'date', hfq_factor: 'decimal' }, known: [] },
  // The statements: yuan, shares of a whole in per cent.
  stock_lrb_em: {
    used: {
      ...REPORT,
      净利润: 'number',
      净利润同比: 'number?',
      营业总收入: 'number',
      营业总收入同比: 'number?',
      '营业总支出-营业支出': 'number?',
      '营业总支出-销售费用': 'number?',
      '营业总支出-管理费用': 'number?',
      '营业总支出-财务费用': 'number?',
      '营业总支出-营业总支出': 'number?',
      营业利润: 'number',
      利润总额: 'number',
      公告日期: 'date',
    },
    known: ['序号'],
  },
  stock_zcfz_em: {
    used: {
      ...REPORT,
      '资产-货币资金': 'number?',
      '资产-应收账款': 'number?',
      '资产-存货': 'number?',
      '资产-总资产': 'number',
      '资产-总资产同比': 'number?',
      '负债-应付账款': 'number?',
      '负债-总负债': 'number',
      '负债-预收账款': 'number?',
      '负债-总负债同比': 'number?',
      资产负债率: 'number',
      股东权益合计: 'number',
      公告日期: 'date',
    },
    known: ['序号'],
  },
  stock_xjll_em: {
    used: {
      ...REPORT,
      '净现金流-净现金流': 'number',
      '净现金流-同比增长': 'number?',
      '经营性现金流-现金流量净额': 'number',
      '经营性现金流-净现金流占比': 'number?',
      '投资性现金流-现金流量净额': 'number?',
      '投资性现金流-净现金流占比': 'number?',
      '融资性现金流-现金流量净额': 'number?',
      '融资性现金流-净现金流占比': 'number?',
      公告日期: 'date',
    },
    known: ['序号'],
  },
  stock_yjbb_em: {
    used: {
      ...REPORT,
      每股收益: 'number',
      '营业总收入-营业总收入': 'number',
      '营业总收入-同比增长': 'number?',
      '营业总收入-季度环比增长': 'number?',
      '净利润-净利润': 'number',
      '净利润-同比增长': 'number?',
      '净利润-季度环比增长': 'number?',
      每股净资产: 'number',
      净资产收益率: 'number',
      每股经营现金流量: 'number?',
      销售毛利率: 'number?',
      所处行业: 'text?',
      最新公告日期: 'date',
    },
    known: ['序号'],
  },
} as const satisfies Record<AkshareFunction, Layout>

/**
 * Checks that an answer has the columns and the kinds of values that its function always had.
 *
 * @throws SourceError SchemaDrift that names the column, with the beginning of the answer as its sample
 */
export function checkColumns(name: AkshareFunction, rows: readonly Row[]): void {
  const first = rows[0]
  if (first === undefined) return
  const { used, known }: Layout = LAYOUTS[name]
  const absent = Object.keys(used).filter((column) => !Object.hasOwn(first, column))
  if (absent.length > 0) {
    const fresh = Object.keys(first).filter(
      (column) => !Object.hasOwn(used, column) && !known.includes(column),
    )
    const instead = fresh.length > 0 ? `; instead it has ${fresh.join(', ')}` : ''
    throw drift(name, `the answer lacks ${absent.join(', ')}${instead}`, rows)
  }
  for (const [column, kind] of Object.entries(used)) checkKind(name, column, kind, rows)
}

function checkKind(name: AkshareFunction, column: string, kind: Column, rows: readonly Row[]): void {
  const mayBeEmpty = kind.endsWith('?')
  const { holds, noun } = KINDS[kind.replace('?', '') as Kind]
  let asked = 0
  let wrong = 0
  for (const row of rows) {
    const value = row[column]
    if (mayBeEmpty && (value === null || value === '')) continue
    asked++
    if (holds(value) === null) wrong++
  }
  // Single odd cells are the matter of their rows; a column that changed is wrong nearly everywhere.
  if (wrong * 2 > asked) throw drift(name, `${column} no longer holds ${noun}`, rows)
}

/** An answer that has changed its form, with its first rows. */
export const drift = (name: AkshareFunction, message: string, rows: readonly Row[]) =>
  failure(name, 'SchemaDrift', message, { sample: { rows: rows.length, first: rows.slice(0, 3) } })
