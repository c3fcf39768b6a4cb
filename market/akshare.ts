import type { CallLimits, Capability, CapabilityTable } from './capability.ts'
import type { Dataset } from './datasets.ts'
import type { Exchange } from './symbol.ts'

/*
 * What AKShare can do behind an AKTools bridge, and how gently its web sites are asked, as plain data.
 */

/** The web sites behind AKShare's functions. A ban, a rest and a budget belong to one of them, never to the bridge. */
export const AKSHARE_SITES = ['eastmoney', 'sina', 'exchanges'] as const
export type AkshareSite = (typeof AKSHARE_SITES)[number]

/** Pages of 100 rows that AKShare asks East Money for behind one whole-market snapshot. */
export const AKSHARE_SNAPSHOT_COST = 56

/**
 * Beijing time from which a session's snapshot and bars may be asked. The site promises none; after-hours trading ends
 * at 15:30 and its amounts settle after that.
 */
export const AKSHARE_READY_TIME = '16:30'

const ALL: readonly Exchange[] = ['SSE', 'SZSE', 'BSE']

// One symbol a call, its whole history at once: 36 years are below 9,000 rows.
const ONE_SYMBOL = { maxSymbols: 1, rowCap: 100_000 } as const

const behind = (site: AkshareSite, api: string): Capability => ({
  api,
  budget: site,
  site,
  exchanges: ALL,
  historyStart: '1990-12-19',
  bySymbols: null,
  byDate: null,
  readyTime: '00:00',
})

/** Rows on one page of East Money's data centre. A report period is one call of many pages. */
export const AKSHARE_REPORT_PAGE_ROWS = 500
/** Pages of a period when nobody knows how many companies have reported yet. */
export const AKSHARE_REPORT_COST = 12

/** Reports of the whole market by period. Its pages are counted, so that plans know what they cost the site. */
const reports = (api: string): Capability => ({
  ...behind('eastmoney', api),
  exchanges: ['SSE', 'SZSE'],
  byDate: { rowCap: AKSHARE_REPORT_PAGE_ROWS, maxDates: 1, reach: 'history' },
})

export const AKSHARE_CAPABILITIES = {
  trade_calendar: behind('sina', 'tool_trade_date_hist_sina'),
  stock_list: behind('exchanges', 'stock_info_sh_name_code'),
  bars: {
    ...behind('eastmoney', 'stock_zh_a_hist'),
    digitsOnly: true,
    bySymbols: ONE_SYMBOL,
    // The snapshot of the whole market is "now": it stands for the newest closed session until the next one opens.
    // One more request finds out of which day it is.
    byDate: { rowCap: 100_000, maxDates: 1, reach: 'newest', cost: AKSHARE_SNAPSHOT_COST + 1 },
    readyTime: AKSHARE_READY_TIME,
  },
  adj_factor: {
    ...behind('sina', 'stock_zh_a_daily'),
    digitsOnly: true,
    bySymbols: ONE_SYMBOL,
    readyTime: AKSHARE_READY_TIME,
    sparse: true,
  },
  // The snapshot has it, the history of a stock has not.
  daily_basic: {
    ...behind('eastmoney', 'stock_zh_a_spot_em'),
    byDate: { rowCap: 100_000, maxDates: 1, reach: 'newest' },
    readyTime: AKSHARE_READY_TIME,
    ridesOn: 'bars',
  },
  index_bars: {
    ...behind('eastmoney', 'stock_zh_index_daily_em'),
    bySymbols: ONE_SYMBOL,
    readyTime: AKSHARE_READY_TIME,
  },
  income: { ...reports('stock_lrb_em'), historyStart: '2012-03-31' },
  balance_sheet: { ...reports('stock_zcfz_em'), historyStart: '2008-12-31' },
  cash_flow: { ...reports('stock_xjll_em'), historyStart: '2008-12-31' },
  fin_indicator: { ...reports('stock_yjbb_em'), exchanges: ALL, historyStart: '2010-03-31' },
} as const satisfies CapabilityTable

/** The parts that make up a list: each exchange has its own, and the delisted ones apart. */
export const AKSHARE_LIST_PARTS: Partial<Record<Dataset, readonly string[]>> = {
  trade_calendar: ['SSE'],
  stock_list: ['sh_main', 'sh_star', 'sz', 'bj', 'sh_delist', 'sz_delist'],
}

/** How the bridge is reached and how often it is asked. */
export interface AkshareSettings extends AkshareLimitSettings {
  priority: number | null
  /** `http://127.0.0.1:8080`; without it the source is off. */
  url: string | undefined
  /** A call, body included; the whole-market snapshot has a limit of its own. */
  timeoutMs: number
}

interface AkshareLimitSettings {
  /** Overrides all of a site's limits; 0 is no limit. */
  callsPerMinute: number | undefined
  minIntervalMs: number | undefined
}

// East Money closes the door on addresses that call once per 2 s, and after a few hundred calls. There is no official
// number: these are cautious ones. The others have shown no such habit.
const EASTMONEY: CallLimits = { perMinute: null, perHour: null, perDay: 200, minIntervalMs: 3_000 }
const OTHERS: CallLimits = { perMinute: null, perHour: null, perDay: null, minIntervalMs: 500 }

/** What one web site may be asked. */
export function akshareLimits(site: string, settings: AkshareLimitSettings): CallLimits {
  const own = site === 'eastmoney' ? EASTMONEY : OTHERS
  const { callsPerMinute, minIntervalMs } = settings
  if (callsPerMinute === undefined) return { ...own, minIntervalMs: minIntervalMs ?? own.minIntervalMs }
  return {
    perMinute: callsPerMinute === 0 ? null : callsPerMinute,
    perHour: null,
    perDay: null,
    minIntervalMs: minIntervalMs ?? 0,
  }
}
