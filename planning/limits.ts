import type { SessionCalendar } from '../market/calendar.ts'
import type { Dataset } from '../market/datasets.ts'
import type { CallLimits } from './bin.ts'
import type { MarketLimits } from './market-calls.ts'
import type { MarketRows } from './market-facts.ts'
import type { Span } from './spans.ts'
import { spanOf } from './spans.ts'
import type { InstrumentsById } from './tracks.ts'
import type { ResolvedCapability } from './types.ts'

/** What the calls of a region depend on besides the region itself. */
export interface CallContext {
  dataset: Dataset
  capability: ResolvedCapability
  /** Every instrument, whoever serves it. */
  instrumentsById: InstrumentsById
  calendar: SessionCalendar
  marketRows: MarketRows
  /** The requests that make up a list, e.g. one per list status. */
  parts?: readonly string[]
}

/**
 * The limits of calls by symbols. A sparse dataset is asked symbol by symbol, since nobody knows how many rows come.
 * Throws for a source without such calls.
 */
export function symbolLimits({ api, bySymbols, sparse }: ResolvedCapability): CallLimits {
  if (!bySymbols) throw new RangeError(`${api} can be asked neither by symbols nor by date there`)
  return sparse ? { rowCap: Infinity, maxSymbols: 1 } : bySymbols
}

/** The limits of calls by date. */
export const marketLimits = ({ capability, marketRows }: CallContext): MarketLimits => ({
  rowCap: capability.byDate?.rowCap ?? 0,
  maxDates: capability.byDate?.maxDates ?? 0,
  cost: capability.byDate?.cost ?? 1,
  rows: (position) => (capability.sparse ? 0 : marketRows(position, capability.exchanges)),
})

/** The sessions on which a source can be asked by date. */
export function reachOf({
  capability: { byDate },
  calendar,
}: Pick<CallContext, 'capability' | 'calendar'>): Span {
  return byDate ? spanOf(byDate, calendar) : { start: 0, end: 0 }
}
