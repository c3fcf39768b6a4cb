import { TUSHARE_ROW_CAPS } from '../../market/tushare.ts'

/** An interface of Tushare as we use it. */
export interface TushareApi {
  api: string
  /** All fields by name: some columns come only when asked for. */
  fields: string
  /** Rows that one answer holds at most. The server cuts there without a word. */
  cap: number
  /** The columns that must be there, else the answer has changed its form. */
  required: readonly string[]
}

export const APIS = {
  trade_cal: {
    api: 'trade_cal',
    fields: 'exchange,cal_date,is_open,pretrade_date',
    cap: TUSHARE_ROW_CAPS.trade_cal,
    required: ['cal_date', 'is_open'],
  },
  stock_basic: {
    api: 'stock_basic',
    fields:
      'ts_code,name,area,industry,fullname,enname,cnspell,market,exchange,curr_type,list_status,list_date,delist_date,is_hs',
    cap: TUSHARE_ROW_CAPS.stock_basic,
    required: ['ts_code', 'name', 'list_date'],
  },
  bse_mapping: {
    api: 'bse_mapping',
    fields: 'name,o_code,n_code,list_date',
    cap: TUSHARE_ROW_CAPS.bse_mapping,
    required: ['o_code', 'n_code'],
  },
  suspend_d: {
    api: 'suspend_d',
    fields: 'ts_code,trade_date,suspend_timing,suspend_type',
    cap: TUSHARE_ROW_CAPS.suspend_d,
    required: ['ts_code', 'trade_date', 'suspend_type'],
  },
  daily: {
    api: 'daily',
    fields: 'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount',
    cap: TUSHARE_ROW_CAPS.daily,
    required: ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'pre_close', 'vol', 'amount'],
  },
  adj_factor: {
    api: 'adj_factor',
    fields: 'ts_code,trade_date,adj_factor',
    cap: TUSHARE_ROW_CAPS.adj_factor,
    required: ['ts_code', 'trade_date', 'adj_factor'],
  },
} as const satisfies Record<string, TushareApi>
