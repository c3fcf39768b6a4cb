import type { SessionCalendar } from '../market/calendar.ts'
import type { Capability, SourceCall } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import type { Bin, CallLimits, Piece, Track } from './bin.ts'
import { layOut } from './layout.ts'
import { marketCalls, requestsOf } from './market-calls.ts'
import type { MarketLimits } from './market-calls.ts'
import { packInOrder } from './pack.ts'
import { clip, datesOf, lifeOf, normalize, spanOf, spansOf } from './spans.ts'
import type { Span } from './spans.ts'
import { instrumentOf, marketTracks, tracksOf } from './tracks.ts'
import type { InstrumentsById } from './tracks.ts'
import type { Region, RegionItem } from './types.ts'

/** What the calls of a region depend on besides the region itself. */
export interface CallContext {
  dataset: Dataset
  capability: Capability
  /** Every instrument of the region; for `market` regions every instrument that the source serves. */
  instrumentsById: InstrumentsById
  calendar: SessionCalendar
  /** Rows of the whole market on the session at a position. */
  marketRows: (position: number) => number
  /** The requests that make up a list, e.g. one per list status. */
  parts?: readonly string[]
}

/** One call with the part of the region that it brings, so that a region can be cut between calls. */
export interface CallGroup {
  call: SourceCall
  items: readonly RegionItem[]
  dates: readonly TradeDate[]
  /** Requests behind the call: more than one only where one session of the whole market is above the cap. */
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
      return [lone(context.dataset, region.from, region.to, null)]
    case 'market':
      return marketGroups(region.dates, context)
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

function marketGroups(dates: readonly TradeDate[], context: CallContext): CallGroup[] {
  const { capability, calendar, instrumentsById } = context
  const spans = spansOf(
    dates.filter((date) => calendar.isSession(date)).map((date) => calendar.firstAtOrAfter(date)),
  )
  if (capability.byDate) return byDateGroups(spans, context, (positions) => ({ items: [], dates: positions }))
  const limits = limitsOf(capability)
  const { bins } = layOut(marketTracks(spans, instrumentsById, calendar), limits, () => Infinity)
  return bins.map((bin) => binGroup(bin, context))
}

function symbolGroups(items: readonly RegionItem[], context: CallContext): CallGroup[] {
  const { capability, calendar, instrumentsById } = context
  const tracks = tracksOf(items, instrumentsById, calendar)
  if (!capability.bySymbols) {
    const spans = normalize(tracks.flatMap((track) => track.spans))
    return byDateGroups(spans, context, (dates) => ({ items: itemsWithin(items, dates, context), dates: [] }))
  }
  const limits = limitsOf(capability)
  const byId = new Map(tracks.map((track) => [track.id, track]))
  const pieces = items.flatMap((item): Piece[] => {
    const track = byId.get(item.id)
    const span = spanOf(item, calendar)
    return track
      ? clip([span], track.life.start, track.life.end).flatMap((part) => chop(track, part, limits))
      : []
  })
  const inOrder = packInOrder(pieces, limits)
  const bins = inOrder.length > 1 && isWasteful(inOrder, limits) ? repack(inOrder, tracks, limits) : inOrder
  return bins.map((bin) => binGroup(bin, context))
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

/** The limits of packed calls; throws for a source that has neither kind of call. */
export function limitsOf(capability: Capability): CallLimits {
  if (!capability.bySymbols) {
    throw new RangeError(
      `${capability.api} can be asked neither by symbols nor by date; plan it as a list or range`,
    )
  }
  return capability.bySymbols
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

function binGroup(bin: Bin, { dataset, calendar }: CallContext): CallGroup {
  const symbols = [...bin.tracks].map((track) => track.symbol)
  const call: SourceCall = { dataset, symbols, ...datesOf(bin, calendar), part: null, rows: bin.rows }
  return { call, items: itemsOf(bin.pieces, calendar), dates: [], requests: 1 }
}

/** Pieces as items of a region, in the same order. */
export function itemsOf(pieces: readonly Piece[], calendar: SessionCalendar): RegionItem[] {
  return pieces.flatMap(({ track, spans }) =>
    spans.map((span) => ({ id: track.id, ...datesOf(span, calendar) })),
  )
}

export const marketLimits = ({ capability, marketRows }: CallContext): MarketLimits => ({
  rowCap: capability.byDate?.rowCap ?? 0,
  maxDates: capability.byDate?.maxDates ?? 0,
  rows: marketRows,
})

function byDateGroups(
  spans: readonly Span[],
  context: CallContext,
  content: (dates: TradeDate[]) => Pick<CallGroup, 'items' | 'dates'>,
): CallGroup[] {
  const { dataset, calendar } = context
  const limits = marketLimits(context)
  const positions = spans.flatMap(({ start, end }) =>
    Array.from({ length: end - start }, (_, i) => start + i),
  )
  return marketCalls(positions.reverse(), limits).map((market) => ({
    call: { dataset, symbols: null, ...datesOf(market, calendar), part: null, rows: market.rows },
    ...content(market.positions.map((position) => calendar.at(position))),
    requests: requestsOf(market.rows, limits.rowCap),
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
