import type { SessionCalendar } from '../market/calendar.ts'
import { addDays, isTradeDate } from '../market/date.ts'
import type { TradeDate } from '../market/date.ts'
import { clip, datesOf, lifeOf, normalize, spanOf, subtract } from './spans.ts'
import type { Span } from './spans.ts'
import type { DateRange, PlanInstrument, WantedItem } from './types.ts'

/** The instrument id under which coverage of the whole market is kept. */
export const MARKET_ID = 0

/** What one source has brought of one dataset: covered = own ranges ∪ market ranges − holes. */
export interface SourceCoverage {
  /** Covered dates by instrument id; `MARKET_ID` holds what covers every instrument. */
  ranges: ReadonlyMap<number, readonly DateRange[]>
  /** Dates inside the ranges that are missing all the same; under `MARKET_ID` for every instrument. */
  holes: ReadonlyMap<number, readonly TradeDate[]>
  /** False for an instrument that the source does not serve: what covers its whole market says nothing of it. */
  serves: (instrument: PlanInstrument) => boolean
}

const FIRST_DATE = '0001-01-01'
const LAST_DATE = '9999-12-31'
const RANGE = /([[(])([^,[(]*),([^\])]*)([\])])/g

function bound(text: string, open: TradeDate): TradeDate {
  const date = text.replaceAll('"', '').trim()
  if (date === '' || date === '-infinity' || date === 'infinity') return open
  if (!isTradeDate(date)) throw new TypeError(`not a date in a datemultirange: ${date}`)
  return date
}

/**
 * Reads PostgreSQL's text of a `datemultirange` (or one `daterange`) into inclusive ranges:
 * `{[2024-01-02,2024-01-05)}` → 2024-01-02 to 2024-01-04. Open ends become the first and last date that sort as text.
 */
export function parseMultirange(text: string): DateRange[] {
  const ranges: DateRange[] = []
  for (const [, opening, lower = '', upper = '', closing] of text.matchAll(RANGE)) {
    const low = bound(lower, FIRST_DATE)
    const high = bound(upper, LAST_DATE)
    const from = opening === '(' && low !== FIRST_DATE ? addDays(low, 1) : low
    const to = closing === ')' && high !== LAST_DATE ? addDays(high, -1) : high
    if (from <= to) ranges.push({ from, to })
  }
  // What the ranges leave of the text is only punctuation; anything else would be coverage that is silently lost.
  if (!/^[{},\s]*(empty)?[{},\s]*$/.test(text.replaceAll(RANGE, ''))) {
    throw new TypeError(`not a datemultirange: ${text.slice(0, 80)}`)
  }
  return ranges
}

export interface WantedOptions {
  instruments: readonly PlanInstrument[]
  range: DateRange
  calendar: SessionCalendar
  covered: readonly SourceCoverage[]
}

/**
 * What is still to be brought: the sessions of `range` within each instrument's life that no source of `covered` has.
 * Pass one source to ask what that source lacks, all to ask what nobody has. Holes punch through their own source only.
 */
export function subtractCovered(options: WantedOptions): WantedItem[] {
  const perSource = options.covered.map((coverage) => coveredSpans(coverage, options.calendar))
  return wantedItems(options, (instrument, whole) => {
    let left = whole
    for (const spansFor of perSource) {
      if (left.length === 0) break
      left = subtract(left, spansFor(instrument))
    }
    return left
  })
}

/**
 * The same where values of two sources must not stand side by side: an instrument is covered when one source has all of
 * it, else what `planned` lacks is wanted, however much of that the others have.
 */
export function subtractUnmixed(options: WantedOptions & { planned: SourceCoverage }): WantedItem[] {
  const spansOfPlanned = coveredSpans(options.planned, options.calendar)
  const perSource = options.covered.map((coverage) => coveredSpans(coverage, options.calendar))
  return wantedItems(options, (instrument, whole) => {
    const isCovered = perSource.some((spansFor) => subtract(whole, spansFor(instrument)).length === 0)
    return isCovered ? [] : subtract(whole, spansOfPlanned(instrument))
  })
}

/** The sessions of `range` within each instrument's life that some source of `covered` has brought, holes included. */
export function coveredItems(options: WantedOptions): WantedItem[] {
  const perSource = options.covered.map((coverage) =>
    coveredSpans({ ...coverage, holes: new Map() }, options.calendar),
  )
  return wantedItems(options, (instrument, whole) => {
    const known = normalize(perSource.flatMap((spansFor) => spansFor(instrument)))
    return subtract(whole, subtract(whole, known))
  })
}

function wantedItems(
  { instruments, range, calendar }: WantedOptions,
  left: (instrument: PlanInstrument, whole: Span[]) => Span[],
): WantedItem[] {
  const { start, end } = spanOf(range, calendar)
  return instruments.flatMap((instrument) => {
    const spans = left(instrument, clip([lifeOf(instrument, calendar)], start, end))
    return spans.length > 0 ? [{ instrument, ranges: spans.map((span) => datesOf(span, calendar)) }] : []
  })
}

/** Covered spans by instrument of one source; the market's part is computed once, since most instruments share it. */
function coveredSpans(
  { ranges, holes, serves }: SourceCoverage,
  calendar: SessionCalendar,
): (instrument: PlanInstrument) => Span[] {
  const spans = (list: readonly DateRange[] | undefined) =>
    (list ?? []).map((range) => spanOf(range, calendar))
  const holesOf = (id: number) => spans(holes.get(id)?.map((date) => ({ from: date, to: date })))
  const marketHoles = normalize(holesOf(MARKET_ID))
  const marketAll = normalize(spans(ranges.get(MARKET_ID)))
  const market = subtract(marketAll, marketHoles)
  return (instrument) => {
    const { id } = instrument
    const own = ranges.get(id)
    const punched = holes.get(id)
    const isOfMarket = serves(instrument)
    if (!own && !punched) return isOfMarket ? market : []
    const shared = isOfMarket ? marketAll : []
    const all = own ? normalize([...spans(own), ...shared]) : shared
    return subtract(all, normalize([...marketHoles, ...holesOf(id)]))
  }
}
