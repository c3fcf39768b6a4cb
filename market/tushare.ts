import type { CallLimits, Capability, CapabilityTable } from './capability.ts'
import { type Dataset, isReportDataset } from './datasets.ts'
import type { TradeDate } from './date.ts'
import { MEMBER_INDICES } from './indices.ts'
import { ANNOUNCED, openPeriods } from './report-periods.ts'
import type { Exchange } from './symbol.ts'
import { tushareReports } from './tushare-reports.ts'

/*
 * What Tushare can do and grants, as plain data: the source works by it, and the API shows the cost of a plan with it.
 */

/** Rows that one answer of an interface holds at most. The server cuts there without a word. */
export const TUSHARE_ROW_CAPS = {
  trade_cal: 10_000,
  stock_basic: 6_000,
  bse_mapping: 1_000,
  suspend_d: 5_000,
  daily: 6_000,
  adj_factor: 6_000,
  daily_basic: 6_000,
  namechange: 10_000,
  disclosure_date: 3_000,
  index_daily: 8_000,
  index_weight: 3_000,
  weekly: 6_000,
  monthly: 4_500,
} as const

/** All of Tushare is one server. */
export const TUSHARE_SITE = 'server'

type Api = keyof typeof TUSHARE_ROW_CAPS

// "100 codes were accepted in 2020, no documented maximum".
const MAX_SYMBOLS = 100
const ALL: readonly Exchange[] = ['SSE', 'SZSE', 'BSE']

// A full answer cannot be told from a cut one where the server sends no `has_more`: plans stay one row below the cap.
const dated = (api: Api, readyTime: string): Capability => ({
  api,
  // Limits are per interface; the server is up or down as a whole.
  budget: api,
  site: TUSHARE_SITE,
  exchanges: ALL,
  historyStart: '1990-12-19',
  bySymbols: { maxSymbols: MAX_SYMBOLS, rowCap: TUSHARE_ROW_CAPS[api] - 1 },
  byDate: { rowCap: TUSHARE_ROW_CAPS[api] - 1, maxDates: 1, reach: 'history' },
  readyTime,
})

const list = (api: Api): Capability => ({ ...dated(api, '00:00'), bySymbols: null, byDate: null })

export const TUSHARE_CAPABILITIES = {
  trade_calendar: list('trade_cal'),
  stock_list: list('stock_basic'),
  suspension: list('suspend_d'),
  // 15:00-16:00 by the documentation, up to 17:00 as observed since the after-hours change of July 2026.
  bars: dated('daily', '17:00'),
  adj_factor: dated('adj_factor', '17:00'),
  // 15:00-17:00 by the documentation, 17:00-19:00 as observed since July 2026. Half of it is there at 18:00; a day that came
  // in part has holes, which the next run asks for again.
  daily_basic: dated('daily_basic', '18:00'),
  name_change: list('namechange'),
  disclosure: list('disclosure_date'),
  index_bars: {
    ...dated('index_daily', '17:00'),
    bySymbols: { maxSymbols: 1, rowCap: TUSHARE_ROW_CAPS.index_daily - 1 },
    byDate: null,
  },
  // Monthly lists of each index, in one call a year.
  index_member: { ...list('index_weight'), historyStart: '2005-01-01', readyTime: '18:00' },
} as const satisfies CapabilityTable

// What an account of less than 2,000 points may not call: everything but `daily`, by the table of points (doc_id 108).
const FREE_POINTS = 2_000

/** What an account of so many points can do; all of it when they are unknown, since refusals are learned then. */
export const tushareCapabilities = (points: number | undefined): CapabilityTable =>
  points === undefined || points >= FREE_POINTS
    ? { ...TUSHARE_CAPABILITIES, ...tushareReports(points, { site: TUSHARE_SITE, exchanges: ALL }) }
    : { bars: TUSHARE_CAPABILITIES.bars }

/** The parts that make up a list. */
export const TUSHARE_LIST_PARTS: Partial<Record<Dataset, readonly string[]>> = {
  trade_calendar: ['SSE'],
  // Delisted and suspended listings come only when they are asked for; renumbered codes come last, when both are known.
  stock_list: ['L', 'D', 'P', 'bse_mapping'],
  index_member: MEMBER_INDICES,
}

/** The parts of a dataset on a day: of disclosure dates one for each period that companies may still publish for. */
export function tushareParts(dataset: Dataset, today: TradeDate): readonly string[] {
  if (isReportDataset(dataset)) return [ANNOUNCED]
  return dataset === 'disclosure' ? openPeriods(today) : (TUSHARE_LIST_PARTS[dataset] ?? [])
}

// Tiers of Tushare's points page (doc_id 290): calls a minute and a day per interface.
const TIERS: readonly { points: number; perMinute: number; perDay: number | null }[] = [
  { points: 5_000, perMinute: 500, perDay: null },
  { points: 2_000, perMinute: 200, perDay: 100_000 },
  { points: 0, perMinute: 50, perDay: 8_000 },
]

// Interfaces with a limit of their own, whatever the tier.
const OWN_LIMIT: Readonly<Record<string, number>> = { stock_basic: 50 }

// Without points we start here and adopt the number that the first refusal names.
const UNKNOWN_TIER = { perMinute: 500, perDay: null }

export interface LimitSettings {
  points: number | undefined
  /** Overrides the tier; 0 is no limit. */
  callsPerMinute: number | undefined
  minIntervalMs: number
}

/** What an account may ask of one interface. */
export function tushareLimits(api: string, settings: LimitSettings): CallLimits {
  const { points, callsPerMinute, minIntervalMs } = settings
  if (callsPerMinute !== undefined) {
    return {
      perMinute: callsPerMinute === 0 ? null : callsPerMinute,
      perHour: null,
      perDay: null,
      minIntervalMs,
    }
  }
  const tier = points === undefined ? UNKNOWN_TIER : (TIERS.find((t) => points >= t.points) ?? UNKNOWN_TIER)
  const own = OWN_LIMIT[api]
  const perMinute = own === undefined ? tier.perMinute : Math.min(own, tier.perMinute)
  return { perMinute, perHour: null, perDay: tier.perDay, minIntervalMs }
}
