import { TUSHARE_ROW_CAPS } from '../../market/tushare.ts'

/** An interface of Tushare as we use it. */
export interface TushareApi {
  api: string
  /** All fields by name: some columns come only when asked for. */
  fields: string
  /** Rows that one answer holds at most. The server cuts there without a word. */
  cap: number
  /** Nobody says how many these are: where the server does not say that there is more either, only an empty page is the end. */
  capUnknown?: true
  /** The columns that must be there, else the answer has changed its form. */
  required: readonly string[]
}

/** Columns of bars: those of days, weeks and months, of stocks and of indices. */
export const BAR_FIELDS = 'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount'

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
    fields: BAR_FIELDS,
    cap: TUSHARE_ROW_CAPS.daily,
    required: ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'pre_close', 'vol', 'amount'],
  },
  adj_factor: {
    api: 'adj_factor',
    fields: 'ts_code,trade_date,adj_factor',
    cap: TUSHARE_ROW_CAPS.adj_factor,
    required: ['ts_code', 'trade_date', 'adj_factor'],
  },
  daily_basic: {
    api: 'daily_basic',
    fields:
      'ts_code,trade_date,close,turnover_rate,turnover_rate_f,volume_ratio,pe,pe_ttm,pb,ps,ps_ttm,dv_ratio,dv_ttm,total_share,float_share,free_share,total_mv,circ_mv',
    cap: TUSHARE_ROW_CAPS.daily_basic,
    required: [
      'ts_code',
      'trade_date',
      'turnover_rate',
      'pe_ttm',
      'pb',
      'total_share',
      'total_mv',
      'circ_mv',
    ],
  },
  namechange: {
    api: 'namechange',
    fields: 'ts_code,name,start_date,end_date,ann_date,change_reason',
    cap: TUSHARE_ROW_CAPS.namechange,
    required: ['ts_code', 'name', 'start_date'],
  },
  disclosure_date: {
    api: 'disclosure_date',
    fields: 'ts_code,ann_date,end_date,pre_date,actual_date,modify_date',
    cap: TUSHARE_ROW_CAPS.disclosure_date,
    required: ['ts_code', 'end_date', 'pre_date', 'actual_date'],
  },
  index_daily: {
    api: 'index_daily',
    fields: BAR_FIELDS,
    cap: TUSHARE_ROW_CAPS.index_daily,
    required: ['ts_code', 'trade_date', 'close', 'vol', 'amount'],
  },
  index_weight: {
    api: 'index_weight',
    fields: 'index_code,con_code,trade_date,weight',
    cap: TUSHARE_ROW_CAPS.index_weight,
    capUnknown: true,
    required: ['index_code', 'con_code', 'trade_date'],
  },
  weekly: {
    api: 'weekly',
    fields: BAR_FIELDS,
    cap: TUSHARE_ROW_CAPS.weekly,
    required: ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount'],
  },
  monthly: {
    api: 'monthly',
    fields: BAR_FIELDS,
    cap: TUSHARE_ROW_CAPS.monthly,
    required: ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount'],
  },
} as const satisfies Record<string, TushareApi>
