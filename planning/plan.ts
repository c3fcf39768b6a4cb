import type { SessionCalendar } from '../market/calendar.ts'
import { addDays } from '../market/date.ts'
import type { TradeDate } from '../market/date.ts'
import { BATCH_LIMITS, regionsOf } from './batches.ts'
import type { BatchLimits } from './batches.ts'
import type { Track } from './bin.ts'
import { cheapest } from './cheapest.ts'
import { ALL_EXCHANGES, ofExchanges } from './exchanges.ts'
import { groupsOf, itemsOf } from './groups.ts'
import type { Layout } from './layout.ts'
import { type CallContext, marketLimits } from './limits.ts'
import { marketCalls, marketRequests } from './market-calls.ts'
import type { MarketRows } from './market-facts.ts'
import { sizeOf, spanOf } from './spans.ts'
import { trackOf } from './tracks.ts'
import type { PlannedBatch, Region, ResolvedCapability, WantedItem } from './types.ts'

export interface PlanOptions extends Partial<BatchLimits> {
  items: readonly WantedItem[]
  calendar: SessionCalendar
  /** Of the source that is expected to do most; the others compute their own calls from the same batches. */
  capability: ResolvedCapability
  marketRows: MarketRows
}

/**
 * Batches for all wanted cells, newest first, with the fewest calls found: some sessions as a whole market, the rest as
 * packed symbol lists. Every wanted cell is in exactly one batch. `calls` counts requests, pages included.
 *
 * @throws RangeError for cells that the source can be asked for neither by symbols nor by date
 */
export function planRegions(options: PlanOptions): PlannedBatch[] {
  const { items, calendar } = options
  const limits: BatchLimits = {
    maxSymbolsPerBatch: options.maxSymbolsPerBatch ?? BATCH_LIMITS.maxSymbolsPerBatch,
    callsPerBatch: options.callsPerBatch ?? BATCH_LIMITS.callsPerBatch,
  }
  const tracks = items
    .map((item) => trackOf(item.instrument, item.ranges, calendar))
    .filter((track) => track.spans.length > 0)
  if (tracks.length === 0) return []
  const context: CallContext = {
    // The dataset does not change the number of calls.
    dataset: 'bars',
    capability: options.capability,
    instrumentsById: new Map(items.map((item) => [item.instrument.id, item.instrument])),
    calendar,
    marketRows: options.marketRows,
  }
  const regions = regionsOfLayout(cheapest(tracks, context, limits), tracks, context, limits)
  const cellsOf = cellCounter(tracks, calendar)
  return regions.sort(newestFirst).map((region) => ({
    region,
    // Counted with the function that executes the batch, so that the plan shown is the plan carried out.
    calls: groupsOf(region, context).reduce((sum, group) => sum + group.requests, 0),
    cells: cellsOf(region),
  }))
}

function regionsOfLayout(
  layout: Layout,
  tracks: readonly Track[],
  context: CallContext,
  limits: BatchLimits,
): Region[] {
  const { calendar } = context
  const packed = layout.bins.map((bin) => ({ items: itemsOf(bin.pieces, calendar), dates: [], requests: 1 }))
  const byDateLimits = marketLimits(context)
  const byDate = marketCalls(
    [...layout.marketDates].sort((a, b) => b - a),
    byDateLimits,
  ).map((call) => ({
    items: [],
    dates: call.positions.map((position) => calendar.at(position)),
    requests: marketRequests([call], byDateLimits),
  }))
  // Another source need not bring exchanges of which nothing is wanted.
  const exchanges = ALL_EXCHANGES.filter((exchange) => tracks.some(ofExchanges([exchange])))
  return [...regionsOf(byDate, limits, exchanges), ...regionsOf(packed, limits)]
}

const newestOf = (region: Region): TradeDate =>
  region.kind === 'market' ? (region.dates[0] ?? '') : region.kind === 'list' ? '' : region.to

/** A stable sort keeps the layout's order among batches that end on the same session. */
const newestFirst = (a: Region, b: Region): number =>
  newestOf(a) < newestOf(b) ? 1 : newestOf(a) > newestOf(b) ? -1 : 0

/** Wanted cells of a region by session, counted as one running sum over the calendar. */
function cellCounter(tracks: readonly Track[], calendar: SessionCalendar): (region: Region) => number {
  const steps = new Int32Array(calendar.length + 1)
  for (const { start, end } of tracks.flatMap((track) => track.spans)) {
    steps[start] = (steps[start] ?? 0) + 1
    steps[end] = (steps[end] ?? 0) - 1
  }
  for (let i = 1; i < steps.length; i++) steps[i] = (steps[i] ?? 0) + (steps[i - 1] ?? 0)
  return (region) => {
    if (region.kind === 'market') {
      return region.dates.reduce((sum, date) => sum + (steps[calendar.firstAtOrAfter(date)] ?? 0), 0)
    }
    // Items of a plan are exactly wanted spans, so their length is their number of cells.
    return region.kind === 'symbols' ? sizeOf(region.items.map((item) => spanOf(item, calendar))) : 0
  }
}

/**
 * The regions of an event dataset (suspensions): one range of the whole market per year, newest first. The number of
 * rows is not known beforehand, so the source pages, and a year keeps one commit small.
 */
export function planEventRanges(from: TradeDate, to: TradeDate): Region[] {
  const ranges: Region[] = []
  for (let end = to; end >= from; end = addDays(`${end.slice(0, 4)}-01-01`, -1)) {
    const start = `${end.slice(0, 4)}-01-01`
    ranges.push({ kind: 'range', from: start > from ? start : from, to: end })
  }
  return ranges
}
