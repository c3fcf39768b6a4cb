import type { CallLimits, Capability, CapabilityTable } from './capability.ts'
import type { Dataset } from './datasets.ts'
import type { IndexSymbol } from './indices.ts'
import type { Secret } from './secret.ts'
import type { Exchange } from './symbol.ts'

/*
 * What BaoStock can do and grants, as plain data. It has no Beijing stocks, one connection for all and one count of
 * requests a day.
 */

/** All of BaoStock is one server: everything is counted together and is up or down as one. */
export const BAOSTOCK_SITE = 'server'

export const BAOSTOCK_HOST = 'public-api.baostock.com'
/** Where accounts with an API key belong. */
const BAOSTOCK_KEY_HOST = 'vip-api.baostock.com'
export const BAOSTOCK_PORT = 10_030

/** Rows that one page holds; asking for more is not known to be granted any longer. */
export const BAOSTOCK_PAGE_ROWS = 2_000

/** The account without an API key. */
export const BAOSTOCK_ANONYMOUS = 'anonymous'

const EXCHANGES: readonly Exchange[] = ['SSE', 'SZSE']

// 17:30 by the documentation; careful users begin an hour later, and factors are said to come at 18:00.
const READY_TIME = '18:30'

// No upstream page bounds these: the answers come whole.
const WHOLE = 100_000

const served = (api: string): Capability => ({
  api,
  budget: BAOSTOCK_SITE,
  site: BAOSTOCK_SITE,
  exchanges: EXCHANGES,
  historyStart: '1990-12-19',
  bySymbols: null,
  byDate: null,
  readyTime: '00:00',
})

/** The depth of by-date calls is unknown: they exist since July 2026 and nobody says how far back they reach. */
const BY_DATE = { rowCap: WHOLE, maxDates: 1, reach: 'sampled' } as const

export const BAOSTOCK_CAPABILITIES = {
  trade_calendar: served('query_trade_dates'),
  stock_list: served('query_stock_basic'),
  suspension: { ...served('query_history_k_data_plus'), readyTime: READY_TIME, ridesOn: 'bars' },
  bars: {
    ...served('query_history_k_data_plus'),
    // A page that is not full ends the paging: one row below it, a call never needs a second request.
    bySymbols: { maxSymbols: 1, rowCap: BAOSTOCK_PAGE_ROWS - 1 },
    byDate: BY_DATE,
    readyTime: READY_TIME,
  },
  adj_factor: {
    ...served('query_adjust_factor'),
    bySymbols: { maxSymbols: 1, rowCap: WHOLE },
    byDate: BY_DATE,
    readyTime: READY_TIME,
    sparse: true,
  },
  // On the lines of the bars; where the bars come from elsewhere they are asked for in the same way.
  daily_basic: {
    ...served('query_history_k_data_plus'),
    bySymbols: { maxSymbols: 1, rowCap: BAOSTOCK_PAGE_ROWS - 1 },
    byDate: BY_DATE,
    readyTime: READY_TIME,
    ridesOn: 'bars',
  },
  index_bars: {
    ...served('query_history_k_data_plus'),
    historyStart: '2006-01-01',
    bySymbols: { maxSymbols: 1, rowCap: BAOSTOCK_PAGE_ROWS - 1 },
    readyTime: READY_TIME,
  },
  // The list that is valid on a day, of one index: it is asked for the end of each month.
  index_member: { ...served('query_hs300_stocks'), historyStart: '2006-01-01', readyTime: READY_TIME },
  // Six tables for each company and quarter: a whole market takes a day for every quarter, so only holes are filled.
  fin_indicator: {
    ...served('query_profit_data'),
    historyStart: '2007-03-31',
    bySymbols: { maxSymbols: 1, rowCap: 1 },
    requestsPerCall: 6,
    forSingles: true,
  },
} as const satisfies CapabilityTable

/** The parts that make up a dataset: indices of which there are lists of members. */
export const BAOSTOCK_LIST_PARTS: Partial<Record<Dataset, readonly IndexSymbol[]>> = {
  index_member: ['000016.SH', '000300.SH', '000905.SH'],
}

export interface BaostockSettings {
  priority: number | null
  host: string
  port: number
  apiKey: Secret | undefined
  /** One request with its answer, ms. */
  timeoutMs: number
  /** A pace of the user's own; 0 is no limit. */
  callsPerMinute: number | undefined
  minIntervalMs: number | undefined
}

// 50,000 a day and address are reported, and who exceeds them is black-listed for hours. Other programs behind the same
// address count as well.
const REQUESTS_PER_DAY = 40_000
// No rate is documented; users who keep this distance are left alone.
const MIN_INTERVAL_MS = 100

/** What may be asked. The day's count holds whatever pace is set: breaking it costs hours. */
export function baostockLimits(
  settings: Pick<BaostockSettings, 'callsPerMinute' | 'minIntervalMs'>,
): CallLimits {
  const { callsPerMinute, minIntervalMs } = settings
  return {
    perMinute: callsPerMinute === undefined || callsPerMinute === 0 ? null : callsPerMinute,
    perHour: null,
    perDay: REQUESTS_PER_DAY,
    minIntervalMs: minIntervalMs ?? MIN_INTERVAL_MS,
  }
}

/** The host to connect to: accounts with a key have one of their own, unless another address was set. */
export const baostockHost = ({ host, apiKey }: Pick<BaostockSettings, 'host' | 'apiKey'>): string =>
  host === BAOSTOCK_HOST && apiKey?.reveal().startsWith('bs-') ? BAOSTOCK_KEY_HOST : host
