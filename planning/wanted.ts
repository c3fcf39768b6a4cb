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

/**
 * What is still to be brought: the sessions of `range` within each instrument's life that no source of `covered` has.
 * Pass one source to ask what that source lacks, all to ask what nobody has. Holes punch through their own source only.
 */
export function subtractCovered(options: {
  instruments: readonly PlanInstrument[]
  range: DateRange
  calendar: SessionCalendar
  covered: readonly SourceCoverage[]
}): WantedItem[] {
  const { calendar, covered } = options
  const range = spanOf(options.range, calendar)
  const perSource = covered.map((coverage) => coveredSpans(coverage, calendar))
  const wanted: WantedItem[] = []
  for (const instrument of options.instruments) {
    const life = lifeOf(instrument, calendar)
    let left = clip([life], range.start, range.end)
    for (const spansFor of perSource) {
      if (left.length === 0) break
      left = subtract(left, spansFor(instrument.id))
    }
    if (left.length > 0) wanted.push({ instrument, ranges: left.map((span) => datesOf(span, calendar)) })
  }
  return wanted
}

/** Covered spans by instrument of one source; the market's part is computed once, since most instruments share it. */
function coveredSpans({ ranges, holes }: SourceCoverage, calendar: SessionCalendar): (id: number) => Span[] {
  const spans = (list: readonly DateRange[] | undefined) =>
    (list ?? []).map((range) => spanOf(range, calendar))
  const holesOf = (id: number) => spans(holes.get(id)?.map((date) => ({ from: date, to: date })))
  const marketHoles = normalize(holesOf(MARKET_ID))
  const marketAll = normalize(spans(ranges.get(MARKET_ID)))
  const market = subtract(marketAll, marketHoles)
  return (id) => {
    const own = ranges.get(id)
    const punched = holes.get(id)
    if (!own && !punched) return market
    const all = own ? normalize([...spans(own), ...marketAll]) : marketAll
    return subtract(all, normalize([...marketHoles, ...holesOf(id)]))
  }
}
