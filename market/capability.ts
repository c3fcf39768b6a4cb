import type { Dataset } from './datasets.ts'
import type { TradeDate } from './date.ts'
import type { Exchange } from './symbol.ts'

/**
 * How far back by-date calls reach. `newest`: a snapshot, only the last closed session; `sampled`: nobody knows before
 * it was tried: its depth is found out before a history is planned on it.
 */
export type ByDateReach = 'history' | 'newest' | 'sampled'

/** What a source can do for one dataset. Plain data, so that planning needs no source. */
export interface Capability {
  /** The upstream's own name of the interface; permissions are kept per api. */
  api: string
  /** What its requests are counted in: interfaces with one limit in common share a budget. */
  budget: string
  /** What is up or down as one: interfaces behind one site rest together. */
  site: string
  exchanges: readonly Exchange[]
  /** Codes with letters (`T00018.SH`, a key of Tushare's own) are not asked for: the source takes six digits only. */
  digitsOnly?: true
  /** The first date that the source has; earlier cells are not asked. */
  historyStart: TradeDate
  /** One call for a list of symbols over a range of dates; null when the source cannot. */
  bySymbols: { maxSymbols: number; rowCap: number } | null
  /**
   * One call for the whole market of one date. `maxDates` > 1 when a range of dates fits one call. `cost`: requests that
   * are counted for it where it is answered out of many; 1 where it is left out.
   */
  byDate: { rowCap: number; maxDates: number; reach: ByDateReach; cost?: number } | null
  /** Beijing time of the day from which a session's data may be asked, `HH:MM`. */
  readyTime: string
  /**
   * Rows only where a value changes (adjustment factors on ex-dates): absence is no hole, and a symbol is asked over its
   * whole life in one call.
   */
  sparse?: true
  /**
   * Comes with the answers of another dataset, be they by symbols or by date, where it has such calls itself: those are sent
   * for what does not come along. Without them it has no calls of its own.
   */
  ridesOn?: Dataset
  /** Reports: one call for all that was announced on some days, of whatever period. */
  byAnnouncement?: true
  /** Requests behind each call by symbols; one where it is left out. */
  requestsPerCall?: number
  /** Reports: rows on a page of a company's whole history. What is left out is taken to fit one page. */
  rowsPerPage?: number
  /** So dear that whole markets are never asked of it, not even where nobody else is there: for single symbols. */
  forSingles?: true
  /** What the account may call when it may not call `api`. */
  instead?: Capability
}

/** True where it comes with the answers of another dataset or not at all. */
export const onlyRides = ({ ridesOn, bySymbols, byDate }: Capability): boolean =>
  ridesOn !== undefined && bySymbols === null && byDate === null

/** The dataset by which the depth of by-date calls is known: what comes with another one is in its table. */
export const depthKey = (dataset: Dataset, capability: Capability | undefined): Dataset =>
  capability?.ridesOn ?? dataset

/** What an account can do that was refused some interfaces; null for nothing. */
export function permitted(capability: Capability, denied: ReadonlySet<string>): Capability | null {
  if (!denied.has(capability.api)) return capability
  return capability.instead ? permitted(capability.instead, denied) : null
}

/** One request to an upstream, with all its pages: the unit of commit. Stored with its batch, so it is plain JSON. */
export interface SourceCall {
  dataset: Dataset
  /** Canonical symbols, or null for the whole market. */
  symbols: readonly string[] | null
  /** First and last wanted date; equal for one day. Null for a list that has no dates. */
  from: TradeDate | null
  to: TradeDate | null
  /** One of several requests that make up a list, e.g. a list status. */
  part: string | null
  /** Rows that the plan expects; never above the cap. */
  rows: number
}

export type CapabilityTable = Partial<Record<Dataset, Capability>>

/** What an upstream grants for one budget; see db/budget.ts for how it is kept. */
export interface CallLimits {
  perMinute: number | null
  perHour: number | null
  perDay: number | null
  minIntervalMs: number
}
