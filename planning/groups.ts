import type { SourceCall } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import type { Bin, CallLimits, Piece, Track } from './bin.ts'
import { ALL_EXCHANGES } from './exchanges.ts'
import { layOut } from './layout.ts'
import { type CallContext, marketLimits, reachOf, symbolLimits } from './limits.ts'
import { marketCalls, marketRequests } from './market-calls.ts'
import { packInOrder } from './pack.ts'
import { reportPages } from './report-pages.ts'
import { singleBins } from './singles.ts'
import { clip, datesOf, lifeOf, normalize, sizeOf, spanOf, spansOf, subtract } from './spans.ts'
import type { Span } from './spans.ts'
import { instrumentOf, marketTracks, tracksOf, tracksWithout } from './tracks.ts'
import type { MarketRegion, Region, RegionItem } from './types.ts'

/** One call with the part of the region that it brings, so that a region can be cut between calls. */
export interface CallGroup {
  call: SourceCall
  items: readonly RegionItem[]
  dates: readonly TradeDate[]
  /** Requests behind the call: more than one only by date, for a session above the cap or one of a cost of its own. */
  requests: number
}

/** Packing in order is kept when calls (but for one) are so full on average; otherwise a fresh layout is tried. */
const WELL_FILLED = 0.9

/** The calls of a region in execution order. Pure: the same arguments give the same calls on every machine. */
export function groupsOf(region: Region, context: CallContext): CallGroup[] {
  switch (region.kind) {
    case 'list':
      return (context.parts ?? [null]).map((part) => lone(context.dataset, null, null, part))
    case 'range':
      return (context.parts ?? [null]).map((part) => lone(context.dataset, region.from, region.to, part))
    case 'market':
      return marketGroups(region, context)
    case 'symbols':
      return symbolGroups(region.items, context)
  }
}

function lone(
  dataset: Dataset,
  from: TradeDate | null,
  to: TradeDate | null,
  part: string | null,
): CallGroup {
  // How many rows a list or a year of events has is not known beforehand.
  return { call: { dataset, symbols: null, from, to, part, rows: 0 }, items: [], dates: [], requests: 1 }
}

/** By date as far as that reaches, the rest by symbols; all by symbols where that takes fewer requests. */
function marketGroups({ dates, exchanges = ALL_EXCHANGES }: MarketRegion, context: CallContext): CallGroup[] {
  const { capability, calendar, instrumentsById } = context
  const spans = spansOf(
    dates.filter((date) => calendar.isSession(date)).map((date) => calendar.firstAtOrAfter(date)),
  )
  const reach = reachOf(context)
  const inReach = clip(spans, reach.start, reach.end)
  const byDate = byDateGroups(inReach, context, (own) => ({ items: [], dates: own }))
  const isDear = capability.bySymbols !== null && (capability.byDate?.cost ?? 1) > 1
  if (sizeOf(inReach) === sizeOf(spans) && !isDear) return byDate
  const limits = symbolLimits(capability)
  const served = exchanges.filter((exchange) => capability.exchanges.includes(exchange))
  const bySymbols = (wanted: readonly Span[]): CallGroup[] => {
    const tracks = marketTracks(wanted, instrumentsById, calendar, served)
    return layOut(tracks, limits, () => Infinity).bins.map((bin) => binGroup(bin, context, spans.at(-1)?.end))
  }
  const whole = bySymbols(spans)
  const mixed = [...byDate, ...bySymbols(subtract(spans, inReach))]
  return requestsBehind(mixed) < whole.length ? mixed : whole
}

const requestsBehind = (groups: readonly CallGroup[]): number =>
  groups.reduce((sum, group) => sum + group.requests, 0)

/** By symbols, unless asking the sessions within reach by date is cheaper. */
function symbolGroups(items: readonly RegionItem[], context: CallContext): CallGroup[] {
  const tracks = tracksOf(items, context.instrumentsById, context.calendar)
  const wanted = normalize(tracks.flatMap((track) => track.spans))
  const reach = reachOf(context)
  const inReach = clip(wanted, reach.start, reach.end)
  const byDate = (): CallGroup[] =>
    byDateGroups(inReach, context, (dates) => ({ items: itemsWithin(items, dates, context), dates: [] }))
  if (!context.capability.bySymbols && sizeOf(inReach) === sizeOf(wanted)) return byDate()
  const limits = symbolLimits(context.capability)
  const bySymbols = (without: readonly Span[]): CallGroup[] =>
    binsOf(items, tracks, without, limits, context).map((bin) => binGroup(bin, context, wanted.at(-1)?.end))
  const packed = bySymbols([])
  // What is left for symbols is counted only where it may matter.
  const dateRequests = inReach.length > 0 ? requestsOn(inReach, context) : Infinity
  if (dateRequests >= packed.length) return packed
  const rest = bySymbols(inReach)
  return dateRequests + rest.length < packed.length ? [...byDate(), ...rest] : packed
}

/** Calls for what some items want outside of some sessions. */
function binsOf(
  items: readonly RegionItem[],
  tracks: readonly Track[],
  without: readonly Span[],
  limits: CallLimits,
  { calendar }: CallContext,
): Bin[] {
  const left = tracksWithout(tracks, without)
  if (limits.maxSymbols === 1) return singleBins(left, limits.rowCap)
  const byId = new Map(left.map((track) => [track.id, track]))
  const pieces = items.flatMap((item): Piece[] => {
    const track = byId.get(item.id)
    if (!track) return []
    const spans = subtract(clip([spanOf(item, calendar)], track.life.start, track.life.end), without)
    return spans.flatMap((part) => chop(track, part, limits))
  })
  const inOrder = packInOrder(pieces, limits)
  return inOrder.length > 1 && isWasteful(inOrder, limits) ? repack(inOrder, left, limits) : inOrder
}

/** Calls that are far from full on average, as where the region was planned for another source's cap. */
function isWasteful(bins: readonly Bin[], { rowCap, maxSymbols }: CallLimits): boolean {
  const filled = bins.reduce((sum, bin) => sum + Math.max(bin.rows / rowCap, bin.symbolCount / maxSymbols), 0)
  return filled < (bins.length - 1) * WELL_FILLED
}

function repack(bins: Bin[], tracks: readonly Track[], limits: CallLimits): Bin[] {
  const layout = layOut(tracks, limits, () => Infinity)
  return layout.bins.length < bins.length ? layout.bins : bins
}

/** Pieces of at most one call's rows, newest first: a source with a smaller cap may claim the region. */
function chop(track: Piece['track'], span: Span, limits: CallLimits): Piece[] {
  const pieces: Piece[] = []
  for (let end = span.end; end > span.start; end -= limits.rowCap) {
    const part = { start: Math.max(span.start, end - limits.rowCap), end }
    pieces.push({ track, spans: [part], ...part })
  }
  return pieces
}

/** @param regionEnd the position behind the last wanted session of the region */
function binGroup(bin: Bin, context: CallContext, regionEnd = bin.end): CallGroup {
  const { dataset, calendar, capability } = context
  const symbols = [...bin.tracks].map((track) => track.symbol)
  const dates = datesOf(capability.sparse ? wholeLife(bin, regionEnd, context) : bin, calendar)
  const rows = capability.sparse ? 0 : bin.rows
  const call: SourceCall = { dataset, symbols, ...dates, part: null, rows }
  return {
    call,
    items: itemsOf(bin.pieces, calendar),
    dates: [],
    requests: requestsBehindBin(bin, call, context),
  }
}

/** One period alone is asked by its name. */
function requestsBehindBin(
  bin: Bin,
  { from, to }: SourceCall,
  { capability, calendar }: CallContext,
): number {
  const { requestsPerCall = 1, rowsPerPage } = capability
  if (rowsPerPage === undefined || from === to) return requestsPerCall
  return Math.max(...[...bin.tracks].map((track) => reportPages(track, rowsPerPage, calendar)))
}

/** From the first session of an instrument (or of the source) to the region's end: changes of value count from there. */
function wholeLife(bin: Bin, regionEnd: number, { calendar, capability }: CallContext): Span {
  let { start, end } = bin
  for (const { life } of bin.tracks) {
    start = Math.min(start, Math.max(life.start, calendar.firstAtOrAfter(capability.historyStart)))
    end = Math.max(end, Math.min(life.end, regionEnd))
  }
  return { start, end }
}

/** Pieces as items of a region, in the same order. */
export function itemsOf(pieces: readonly Piece[], calendar: CallContext['calendar']): RegionItem[] {
  return pieces.flatMap(({ track, spans }) =>
    spans.map((span) => ({ id: track.id, ...datesOf(span, calendar) })),
  )
}

const newestFirst = (spans: readonly Span[]): number[] =>
  spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)).reverse()

function requestsOn(spans: readonly Span[], context: CallContext): number {
  const limits = marketLimits(context)
  return marketRequests(marketCalls(newestFirst(spans), limits), limits)
}

function byDateGroups(
  spans: readonly Span[],
  context: CallContext,
  content: (dates: TradeDate[]) => Pick<CallGroup, 'items' | 'dates'>,
): CallGroup[] {
  const { dataset, calendar } = context
  const limits = marketLimits(context)
  return marketCalls(newestFirst(spans), limits).map((market) => ({
    call: { dataset, symbols: null, ...datesOf(market, calendar), part: null, rows: market.rows },
    ...content(market.positions.map((position) => calendar.at(position))),
    requests: marketRequests([market], limits),
  }))
}

/** The parts of items on some sessions, which are given newest first. */
function itemsWithin(
  items: readonly RegionItem[],
  dates: readonly TradeDate[],
  context: CallContext,
): RegionItem[] {
  const { calendar, instrumentsById } = context
  const wanted = spansOf(dates.map((date) => calendar.firstAtOrAfter(date)))
  return items.flatMap((item) => {
    const life = lifeOf(instrumentOf(item.id, instrumentsById), calendar)
    const own = spanOf(item, calendar)
    return clip(clip(wanted, own.start, own.end), life.start, life.end).map((span) => ({
      id: item.id,
      ...datesOf(span, calendar),
    }))
  })
}
