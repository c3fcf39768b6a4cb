import type { Capability, CapabilityTable } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import type { Exchange } from '../../market/symbol.ts'

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
    cap: 10_000,
    required: ['cal_date', 'is_open'],
  },
  stock_basic: {
    api: 'stock_basic',
    fields:
      'ts_code,name,area,industry,fullname,enname,cnspell,market,exchange,curr_type,list_status,list_date,delist_date,is_hs',
    cap: 6_000,
    required: ['ts_code', 'name', 'list_date'],
  },
  bse_mapping: {
    api: 'bse_mapping',
    fields: 'name,o_code,n_code,list_date',
    cap: 1_000,
    required: ['o_code', 'n_code'],
  },
  suspend_d: {
    api: 'suspend_d',
    fields: 'ts_code,trade_date,suspend_timing,suspend_type',
    cap: 5_000,
    required: ['ts_code', 'trade_date', 'suspend_type'],
  },
  daily: {
    api: 'daily',
    fields: 'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount',
    cap: 6_000,
    required: ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'pre_close', 'vol', 'amount'],
  },
  adj_factor: {
    api: 'adj_factor',
    fields: 'ts_code,trade_date,adj_factor',
    cap: 6_000,
    required: ['ts_code', 'trade_date', 'adj_factor'],
  },
} as const satisfies Record<string, TushareApi>

// "100 codes were accepted in 2020, no documented maximum".
const MAX_SYMBOLS = 100
const ALL: readonly Exchange[] = ['SSE', 'SZSE', 'BSE']

// A full answer cannot be told from a cut one where the server sends no `has_more`: plans stay one row below the cap.
const packed = (cap: number) => ({ maxSymbols: MAX_SYMBOLS, rowCap: cap - 1 })

const dated = (api: TushareApi, readyTime: string): Capability => ({
  api: api.api,
  exchanges: ALL,
  historyStart: '1990-12-19',
  bySymbols: packed(api.cap),
  byDate: { rowCap: api.cap - 1, maxDates: 1 },
  readyTime,
})

const list = (api: TushareApi): Capability => ({ ...dated(api, '00:00'), bySymbols: null, byDate: null })

export const TUSHARE_CAPABILITIES = {
  trade_calendar: list(APIS.trade_cal),
  stock_list: list(APIS.stock_basic),
  suspension: list(APIS.suspend_d),
  // 15:00-16:00 by the documentation, up to 17:00 as observed since the after-hours change of July 2026.
  bars: dated(APIS.daily, '17:00'),
  adj_factor: dated(APIS.adj_factor, '17:00'),
} as const satisfies CapabilityTable

/** The parts that make up a list. */
export const LIST_PARTS: Partial<Record<Dataset, readonly string[]>> = {
  trade_calendar: ['SSE'],
  // Delisted and suspended listings come only when they are asked for; renumbered codes come last, when both are known.
  stock_list: ['L', 'D', 'P', 'bse_mapping'],
}
