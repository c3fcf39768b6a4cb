import type { SessionCalendar } from '../market/calendar.ts'
import { addDays } from '../market/date.ts'
import type { TradeDate } from '../market/date.ts'
import { BATCH_LIMITS, regionsOf, symbolsRegion } from './batches.ts'
import { ALL_EXCHANGES, askableOf, exchangesField } from './exchanges.ts'
import { reachOf } from './limits.ts'
import { clip, datesOf, normalize, spanOf, spansOf, subtract } from './spans.ts'
import type { Span } from './spans.ts'
import { instrumentOf, marketTracks } from './tracks.ts'
import type { InstrumentsById } from './tracks.ts'
import type { DateRange, MarketRegion, Region, RegionItem, ResolvedCapability, WantedItem } from './types.ts'

/** What a source is asked about. */
interface ServedContext {
  capability: ResolvedCapability
  calendar: SessionCalendar
  /** The newest session that the source may be asked for; null for none. */
  lastReady: TradeDate | null
}

export interface ServedOptions extends ServedContext {
  region: Region
  /** Every instrument, whoever serves it. */
  instrumentsById: InstrumentsById
}

/** A region cut in two: no cell is lost and none is in both. */
export interface ServedPart {
  /** What the source can bring; null for nothing. */
  served: Region | null
  /** What is left for other sources, in regions of the size of a batch. */
  unserved: Region[]
}

/**
 * What a source can bring of a region. The rest is of exchanges that it lacks, before its history, not ready yet, or on
 * sessions that it can be asked for neither by symbols nor by date.
 */
export function servedPart(options: ServedOptions): ServedPart {
  const { region } = options
  switch (region.kind) {
    case 'list':
      return { served: region, unserved: [] }
    case 'range':
      return servedRange(region, options)
    case 'market':
      return servedMarket(region, options)
    case 'symbols':
      return servedSymbols(region, options)
  }
}

/** What a source can bring of wanted cells, and what it cannot. */
export function servedItems(
  items: readonly WantedItem[],
  context: ServedContext,
): { served: WantedItem[]; unserved: WantedItem[] } {
  const { calendar } = context
  const isServed = askableOf(context.capability)
  const window = windowOf(context)
  const served: WantedItem[] = []
  const unserved: WantedItem[] = []
  for (const item of items) {
    const { instrument } = item
    const spans = normalize(item.ranges.map((range) => spanOf(range, calendar)))
    const inside = isServed(instrument) ? clip(spans, window.start, window.end) : []
    const rangesOf = (part: readonly Span[]) => part.map((span) => datesOf(span, calendar))
    if (inside.length > 0) served.push({ instrument, ranges: rangesOf(inside) })
    const outside = subtract(spans, inside)
    if (outside.length > 0) unserved.push({ instrument, ranges: rangesOf(outside) })
  }
  return { served, unserved }
}

/** The sessions that a source can be asked for at all. */
function windowOf(context: ServedContext): Span {
  const { capability, calendar, lastReady } = context
  if (lastReady === null) return { start: 0, end: 0 }
  const all = spanOf({ from: capability.historyStart, to: lastReady }, calendar)
  if (capability.bySymbols) return all
  const [reach = { start: 0, end: 0 }] = clip([reachOf(context)], all.start, all.end)
  return reach
}

/** Events are asked by calendar days, and need neither kind of call. */
function servedRange(
  region: DateRange & { kind: 'range' },
  { capability, lastReady }: ServedOptions,
): ServedPart {
  const range = (from: TradeDate, to: TradeDate): Region[] =>
    from <= to ? [{ kind: 'range', from, to }] : []
  const { historyStart } = capability
  const from = region.from > historyStart ? region.from : historyStart
  const to = lastReady !== null && lastReady < region.to ? lastReady : region.to
  if (lastReady === null || from > to) return { served: null, unserved: [region] }
  return {
    served: { kind: 'range', from, to },
    unserved: [...range(addDays(to, 1), region.to), ...range(region.from, addDays(from, -1))],
  }
}

function servedMarket(region: MarketRegion, options: ServedOptions): ServedPart {
  const { capability, calendar, instrumentsById } = options
  const { exchanges = ALL_EXCHANGES } = region
  const window = windowOf(options)
  const isInside = (date: TradeDate): boolean => {
    const position = calendar.firstAtOrAfter(date)
    return position >= window.start && position < window.end
  }
  const dates = region.dates.filter(isInside)
  const served = exchanges.filter((exchange) => capability.exchanges.includes(exchange))
  if (dates.length === 0 || served.length === 0) return { served: null, unserved: [region] }
  const lacking = exchanges.filter((exchange) => !served.includes(exchange))
  const spans = spansOf(
    dates.filter((date) => calendar.isSession(date)).map((date) => calendar.firstAtOrAfter(date)),
  )
  const items = marketTracks(spans, instrumentsById, calendar, lacking).flatMap((track) =>
    track.spans.map((span) => ({ id: track.id, ...datesOf(span, calendar) })),
  )
  const others = region.dates.filter((date) => !isInside(date))
  return {
    served: { kind: 'market', dates, ...exchangesField(served) },
    unserved: [...(others.length > 0 ? [{ ...region, dates: others }] : []), ...regionsOfItems(items)],
  }
}

function servedSymbols(region: Region & { kind: 'symbols' }, options: ServedOptions): ServedPart {
  const { calendar, capability, instrumentsById } = options
  const isServed = askableOf(capability)
  const window = windowOf(options)
  const inside: RegionItem[] = []
  const outside: RegionItem[] = []
  for (const item of region.items) {
    const span = spanOf(item, calendar)
    const own = isServed(instrumentOf(item.id, instrumentsById)) ? clip([span], window.start, window.end) : []
    const itemsOf = (spans: readonly Span[]) =>
      spans.map((part) => ({ id: item.id, ...datesOf(part, calendar) }))
    inside.push(...itemsOf(own))
    outside.push(...itemsOf(subtract([span], own)))
  }
  if (outside.length === 0) return { served: region, unserved: [] }
  if (inside.length === 0) return { served: null, unserved: [region] }
  return { served: symbolsRegion(inside), unserved: regionsOfItems(outside) }
}

const regionsOfItems = (items: readonly RegionItem[]): Region[] =>
  regionsOf(
    items.map((item) => ({ items: [item], dates: [], requests: 1 })),
    // How many calls they take is known to whoever serves them.
    { ...BATCH_LIMITS, callsPerBatch: Infinity },
  )
