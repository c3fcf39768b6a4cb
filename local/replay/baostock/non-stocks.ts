/** What the lists hold besides stocks: a client has to tell them apart, by type or by code. */
export interface NonStock {
  readonly code: string
  readonly name: string
  /** `YYYY-MM-DD` */
  readonly since: string
  /** 2 index, 4 convertible bond, 5 ETF. */
  readonly type: '2' | '4' | '5'
}

/** `sh.000001` is an index, `sz.000001` a bank: the traps of the real lists. They have no lines here. */
export const INDICES: readonly NonStock[] = [
  { code: 'sh.000001', name: '上证综合指数', since: '1991-07-15', type: '2' },
  { code: 'sh.000016', name: '上证50指数', since: '2004-01-02', type: '2' },
  { code: 'sh.000300', name: '沪深300指数', since: '2005-04-08', type: '2' },
  { code: 'sh.000905', name: '中证小盘500指数', since: '2007-01-15', type: '2' },
  { code: 'sz.399001', name: '深证成份指数', since: '1995-01-23', type: '2' },
  { code: 'sz.399006', name: '创业板指数', since: '2010-06-01', type: '2' },
]

/** In stock_basic only. */
export const OTHERS: readonly NonStock[] = [
  { code: 'sh.510300', name: '沪深300ETF', since: '2012-05-28', type: '5' },
  { code: 'sz.159915', name: '创业板ETF', since: '2011-12-09', type: '5' },
  { code: 'sh.113001', name: '沙盒转债', since: '2019-01-02', type: '4' },
]
