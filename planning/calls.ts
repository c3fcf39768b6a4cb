import type { SessionCalendar } from '../market/calendar.ts'
import type { SourceCall } from '../market/capability.ts'
import { addDays, daysBetween } from '../market/date.ts'
import type { TradeDate } from '../market/date.ts'
import { BATCH_LIMITS, regionsOf, symbolsRegion } from './batches.ts'
import type { BatchLimits } from './batches.ts'
import { ALL_EXCHANGES, exchangesField } from './exchanges.ts'
import { groupsOf } from './groups.ts'
import type { CallContext } from './limits.ts'
import { requestsOf } from './market-calls.ts'
import { datesOf, normalize, spanOf, spansOf, subtract } from './spans.ts'
import type { Span } from './spans.ts'
import { marketTracks, tracksOf } from './tracks.ts'
import type { DateRange, MarketRegion, Region, ResolvedCapability } from './types.ts'

export interface RegionOptions extends CallContext {
  region: Region
}

/**
 * The calls of one batch for the source that claims it, in order. Pure: the same arguments give the same calls, but
 * another instrument list or calendar may give others, so a batch under way keeps the calls it began with.
 */
export function callsOfRegion({ region, ...context }: RegionOptions): SourceCall[] {
  return groupsOf(region, context).map((group) => group.call)
}

/** Requests behind calls: one above its cap (one session of the whole market) is paged, and one by date may cost more. */
export function requestCount(
  calls: readonly SourceCall[],
  { bySymbols, byDate }: Pick<ResolvedCapability, 'bySymbols' | 'byDate'>,
): number {
  const costOf = ({ symbols, rows }: SourceCall) =>
    symbols
      ? requestsOf(rows, bySymbols?.rowCap ?? Infinity)
      : requestsOf(rows, byDate?.rowCap ?? Infinity) * (byDate?.cost ?? 1)
  return calls.reduce((sum, call) => sum + costOf(call), 0)
}

/** Cuts a region that is too large for the source at hand between its calls. Children partition its cells. */
export function splitRegion({ region, ...options }: RegionOptions & Partial<BatchLimits>): Region[] {
  if (region.kind === 'list' || region.kind === 'range') return [region]
  const limits = {
    callsPerBatch: options.callsPerBatch ?? BATCH_LIMITS.callsPerBatch,
    maxSymbolsPerBatch: options.maxSymbolsPerBatch ?? BATCH_LIMITS.maxSymbolsPerBatch,
  }
  return regionsOf(groupsOf(region, options), limits, region.kind === 'market' ? region.exchanges : undefined)
}

/**
 * What is left of a region after some calls were committed, or null when nothing is. The calls may be any source's:
 * what counts is which symbols and dates they brought.
 */
export function remainingRegion(
  options: Pick<CallContext, 'instrumentsById' | 'calendar'> & {
    region: Region
    done: readonly SourceCall[]
  },
): Region | null {
  const { region, done, calendar, instrumentsById } = options
  if (done.length === 0) return region
  switch (region.kind) {
    case 'list':
      // Which parts make a list is known to the source alone; a list is small and is asked again as a whole.
      return region
    case 'range':
      return remainingRange(region, done)
    case 'market':
      return remainingMarket(region, options)
    case 'symbols': {
      const doneBySymbol = doneSpans(done, calendar)
      const symbols = new Map(
        tracksOf(region.items, instrumentsById, calendar).map((track) => [track.id, track]),
      )
      const items = region.items.flatMap((item) => {
        const spans = subtract([spanOf(item, calendar)], doneBySymbol(symbols.get(item.id)?.symbol ?? ''))
        return spans.map((span) => ({ id: item.id, ...datesOf(span, calendar) }))
      })
      return items.length > 0 ? symbolsRegion(items) : null
    }
  }
}

/** Sessions brought by committed calls, by symbol; a call without symbols brought the whole market. */
function doneSpans(done: readonly SourceCall[], calendar: SessionCalendar): (symbol: string) => Span[] {
  const market: Span[] = []
  const bySymbol = new Map<string, Span[]>()
  for (const { symbols, from, to } of done) {
    if (from === null || to === null) continue
    const span = spanOf({ from, to }, calendar)
    if (symbols === null) market.push(span)
    for (const symbol of symbols ?? []) bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), span])
  }
  return (symbol) => normalize([...market, ...(bySymbol.get(symbol) ?? [])])
}

function remainingMarket(
  { dates, exchanges = ALL_EXCHANGES }: MarketRegion,
  options: Parameters<typeof remainingRegion>[0],
): Region | null {
  const { done, calendar, instrumentsById } = options
  const doneFor = doneSpans(done, calendar)
  const wholeMarket = doneSpans(
    done.filter((call) => call.symbols === null),
    calendar,
  )('')
  const wanted = spansOf(dates.map((date) => calendar.firstAtOrAfter(date)))
  const left = subtract(wanted, wholeMarket)
  if (done.every((call) => call.symbols === null)) {
    const rest = dates.filter((date) => left.some((span) => within(calendar.firstAtOrAfter(date), span)))
    return rest.length > 0 ? { kind: 'market', dates: rest, ...exchangesField(exchanges) } : null
  }
  // A source without by-date calls brought some symbols: the rest is a matter of symbols as well.
  const items = marketTracks(left, instrumentsById, calendar, exchanges).flatMap((track) =>
    subtract(track.spans, doneFor(track.symbol)).map((span) => ({
      id: track.id,
      ...datesOf(span, calendar),
    })),
  )
  return items.length > 0 ? symbolsRegion(items) : null
}

const within = (position: number, span: Span): boolean => position >= span.start && position < span.end

function remainingRange(region: DateRange & { kind: 'range' }, done: readonly SourceCall[]): Region | null {
  let { from, to } = region
  // Event ranges are days, not sessions, and are brought from one end or as a whole.
  for (const call of done) {
    // One of several parts is not the range: all of them are asked again.
    if (call.from === null || call.to === null || call.part !== null) continue
    if (call.from <= from && call.to >= from) from = addDays(call.to, 1)
    if (call.to >= to && call.from <= to) to = addDays(call.from, -1)
  }
  return from <= to ? { kind: 'range', from, to } : null
}

/**
 * Halves a call to find a bad symbol or to get below a cap: first its symbols, then its dates. Null when it is one
 * cell (or one day of the whole market, which a source pages). With a calendar no half is without a session.
 */
export function bisectCall(call: SourceCall, calendar?: SessionCalendar): [SourceCall, SourceCall] | null {
  const { symbols, from, to } = call
  const rows = Math.ceil(call.rows / 2)
  if (symbols !== null && symbols.length > 1) {
    const middle = Math.ceil(symbols.length / 2)
    return [
      { ...call, rows, symbols: symbols.slice(0, middle) },
      { ...call, rows, symbols: symbols.slice(middle) },
    ]
  }
  if (from === null || to === null || from >= to) return null
  const cut = calendar ? betweenSessions({ from, to }, calendar) : betweenDays({ from, to })
  if (cut === null) return null
  return [
    { ...call, rows, to: cut.before },
    { ...call, rows, from: cut.after },
  ]
}

interface Cut {
  before: TradeDate
  after: TradeDate
}

/** The middle of a range; null when it has fewer than two sessions. */
function betweenSessions(range: DateRange, calendar: SessionCalendar): Cut | null {
  const { start, end } = spanOf(range, calendar)
  const middle = (start + end) >> 1
  return end - start < 2 ? null : { before: calendar.at(middle - 1), after: calendar.at(middle) }
}

function betweenDays({ from, to }: DateRange): Cut {
  const before = addDays(from, (daysBetween(from, to) - 1) >> 1)
  return { before, after: addDays(before, 1) }
}
