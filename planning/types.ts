import type { Capability } from '../market/capability.ts'
import type { TradeDate } from '../market/date.ts'
import type { Exchange } from '../market/symbol.ts'

/** An instrument as planning sees it: its life decides how many rows it has between two dates. */
export interface PlanInstrument {
  id: number
  symbol: string
  /** First session with a bar; null when no list names it. */
  listDate: TradeDate | null
  /** First date without a bar; null while listed. */
  delistDate: TradeDate | null
  /** No list names it: nobody knows its cells, so it belongs to no region of the whole market. */
  stub?: boolean
}

/** Inclusive range of dates. */
export interface DateRange {
  from: TradeDate
  to: TradeDate
}

/** What a source can do for a dataset right now: it is known on which dates a call by date is possible. */
export interface ResolvedCapability extends Omit<Capability, 'byDate'> {
  byDate: ByDate | null
}

/** Calls by date, from the first to the last session that they are possible on. */
export interface ByDate extends DateRange {
  rowCap: number
  maxDates: number
  cost?: number
}

/** What is wanted of one instrument: disjoint ascending ranges, already without what is covered. */
export interface WantedItem {
  instrument: PlanInstrument
  ranges: readonly DateRange[]
}

/**
 * What one batch has to bring: either some instruments, each over its own part of the window, or the whole market (or
 * some exchanges of it) on some dates. Stored as JSON with the batch, in no source's terms: the source that claims it
 * computes its calls.
 */
export type Region =
  | { kind: 'symbols'; from: TradeDate; to: TradeDate; items: readonly RegionItem[] }
  | MarketRegion
  | { kind: 'list' }
  | { kind: 'range'; from: TradeDate; to: TradeDate }

/** `exchanges` is absent where it is about all of them. */
export interface MarketRegion {
  kind: 'market'
  dates: readonly TradeDate[]
  exchanges?: readonly Exchange[]
}

export interface RegionItem extends DateRange {
  id: number
}

/** A planned batch: its region and what it should cost the source it was planned for. */
export interface PlannedBatch {
  region: Region
  /** Calls and rows that the region needs of the source that the plan was made for. */
  calls: number
  cells: number
}
