/*
 * The names that columns have in the answers of the upstreams, which is how most people keep them, and in files of others.
 */

export const IMPORT_DATASETS = ['bars', 'adj_factor', 'daily_basic'] as const
export type ImportDataset = (typeof IMPORT_DATASETS)[number]

/** Factor to shares, or to yuan, of each name of a unit. */
export const VOLUME_UNITS = { shares: 1, lots: 100 } as const
export const AMOUNT_UNITS = { yuan: 1, 'thousand-yuan': 1_000 } as const
/** Of numbers of shares and market values in valuations. */
export const WORTH_UNITS = { one: 1, 'ten-thousand': 10_000 } as const

export type VolumeUnit = keyof typeof VOLUME_UNITS
export type AmountUnit = keyof typeof AMOUNT_UNITS
export type WorthUnit = keyof typeof WORTH_UNITS

/** Units that are known; null: nothing says so. */
export interface Units {
  volume: VolumeUnit | null
  amount: AmountUnit | null
  worth: WorthUnit | null
}

/** Names of our columns that a file may have, the first one that is there counts. */
type Names = Readonly<Record<string, readonly string[]>>

interface Form {
  title: string
  /** It is of this form when all of these are there. */
  marks: readonly string[]
  units: Units
  names: Partial<Record<ImportDataset, Names>>
}

const PRICES: Names = { open: ['open'], high: ['high'], low: ['low'], close: ['close'] }

const VALUATION_FIELDS = [
  'close', 'turnover_rate', 'turnover_rate_f', 'volume_ratio', 'pe', 'pe_ttm', 'pe_dynamic', 'pb', 'ps', 'ps_ttm',
  'pcf_ncf_ttm', 'dv_ratio', 'dv_ttm', 'total_share', 'float_share', 'free_share', 'total_mv', 'circ_mv',
] as const // prettier-ignore

const OWN_NAMES: Names = Object.fromEntries(VALUATION_FIELDS.map((field) => [field, [field]]))

const TUSHARE_KEY: Names = { symbol: ['ts_code'], trade_date: ['trade_date'] }
const BAOSTOCK_KEY: Names = { symbol: ['code'], trade_date: ['date'] }
const ANY_KEY: Names = {
  symbol: ['symbol', 'ts_code', 'code', 'ticker', 'stock_code', 'order_book_id', 'instrument', 'security'],
  trade_date: ['trade_date', 'date', 'datetime', 'trading_date', 'day', 'time'],
}

export const FORMS: readonly Form[] = [
  {
    title: 'Tushare',
    marks: ['ts_code', 'trade_date'],
    units: { volume: 'lots', amount: 'thousand-yuan', worth: 'ten-thousand' },
    names: {
      bars: {
        ...TUSHARE_KEY, ...PRICES, pre_close: ['pre_close'], change: ['change'], pct_chg: ['pct_chg'], volume: ['vol'], amount: ['amount'],
      }, // prettier-ignore
      adj_factor: { ...TUSHARE_KEY, factor: ['adj_factor'] },
      daily_basic: { ...TUSHARE_KEY, ...OWN_NAMES },
    },
  },
  {
    title: 'BaoStock',
    marks: ['date', 'code', 'preclose'],
    units: { volume: 'shares', amount: 'yuan', worth: 'one' },
    names: {
      bars: {
        ...BAOSTOCK_KEY, ...PRICES, pre_close: ['preclose'], pct_chg: ['pctChg'], volume: ['volume'], amount: ['amount'],
        is_st: ['isST'], traded: ['tradestatus'], adjusted: ['adjustflag'],
      }, // prettier-ignore
    },
  },
  {
    title: 'BaoStock',
    marks: ['date', 'code', 'peTTM'],
    units: { volume: 'shares', amount: 'yuan', worth: 'one' },
    names: {
      daily_basic: {
        ...BAOSTOCK_KEY, close: ['close'], turnover_rate: ['turn'], pe_ttm: ['peTTM'], pb: ['pbMRQ'], ps_ttm: ['psTTM'],
        pcf_ncf_ttm: ['pcfNcfTTM'], traded: ['tradestatus'],
      }, // prettier-ignore
    },
  },
  {
    title: 'AKShare',
    marks: ['日期', '开盘', '成交量'],
    units: { volume: 'lots', amount: 'yuan', worth: null },
    names: {
      bars: {
        symbol: ['股票代码', '代码', '证券代码'], trade_date: ['日期'], open: ['开盘'], high: ['最高'], low: ['最低'], close: ['收盘'],
        pre_close: ['昨收', '前收盘'], change: ['涨跌额'], pct_chg: ['涨跌幅'], volume: ['成交量'], amount: ['成交额'],
      }, // prettier-ignore
    },
  },
]

/** Files of nobody in particular: what their numbers count is not known. */
export const ANY_FORM: Form = {
  title: 'no known form',
  marks: [],
  units: { volume: null, amount: null, worth: null },
  names: {
    bars: {
      ...ANY_KEY, ...PRICES, pre_close: ['pre_close', 'preclose', 'prev_close'], change: ['change'],
      pct_chg: ['pct_chg', 'pctChg', 'pct_change'], volume: ['volume', 'vol'], amount: ['amount', 'money', 'total_turnover'],
      is_st: ['is_st', 'isST'], traded: ['tradestatus'], adjusted: ['adjustflag'],
    }, // prettier-ignore
    adj_factor: { ...ANY_KEY, factor: ['factor', 'adj_factor'] },
    daily_basic: { ...ANY_KEY, ...OWN_NAMES },
  },
}

/** What a row cannot do without. */
export const REQUIRED: Readonly<Record<ImportDataset, readonly string[]>> = {
  bars: ['trade_date', 'open', 'high', 'low', 'close', 'volume', 'amount'],
  adj_factor: ['trade_date', 'factor'],
  daily_basic: ['trade_date'],
}

/** What a row has besides its key, in the order of the dataset's merge. */
export const VALUES: Readonly<Record<ImportDataset, readonly string[]>> = {
  bars: ['open', 'high', 'low', 'close', 'pre_close', 'change', 'pct_chg', 'volume', 'amount', 'is_st'],
  adj_factor: ['factor'],
  daily_basic: VALUATION_FIELDS,
}

/** Columns that say something of a row and are no value of it. */
export const MARKS: Readonly<Record<ImportDataset, readonly string[]>> = {
  bars: ['traded', 'adjusted'],
  adj_factor: [],
  daily_basic: ['traded'],
}
