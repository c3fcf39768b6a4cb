import type { Calendar } from './calendar.ts'
import { hashSeed } from './sandbox/rng.ts'
import type { BarSeries } from './series.ts'
import { CLOSE } from './series.ts'
import { sharesOf } from './shares.ts'

/**
 * What is known of an instrument's value on a session: yuan, shares, percent, ratios; null: not known. Ratios have 4
 * decimals, and of a company that lost money they are negative: upstreams that leave those out do so themselves.
 */
export interface Valuation {
  readonly close: number
  readonly turnoverRate: number
  readonly turnoverRateF: number
  readonly volumeRatio: number | null
  readonly pe: number | null
  readonly peTtm: number | null
  readonly peDynamic: number | null
  readonly pb: number | null
  readonly ps: number | null
  readonly psTtm: number | null
  readonly pcfNcfTtm: number | null
  readonly dvRatio: number | null
  readonly dvTtm: number | null
  readonly totalShare: number
  readonly floatShare: number
  readonly freeShare: number
  readonly totalMv: number
  readonly circMv: number
}

/** The valuations of one instrument; `first` and `last` bound the sessions that have one. */
export interface ValuationSeries {
  readonly first: number
  readonly last: number
  readonly at: (session: number) => Valuation | null
}

export const NO_VALUATIONS: ValuationSeries = { first: 0, last: -1, at: () => null }

const UNIT = 10_000
const DAYS_BEFORE = 5

const rounded = (value: number, decimals: number): number => {
  const unit = 10 ** decimals
  return Math.round(value * unit) / unit
}

/** A number from 0 to 1 that always is the same for the same parts. */
const draw = (...parts: readonly number[]): number => (hashSeed(...parts, 91) % 10_000) / 10_000

/** What a company earns in a year, owns and sells, in shares of its worth on its first day. */
const earningsOf = (id: number, year: number): number => draw(id, year, 1) * 0.09 - 0.015
const salesOf = (id: number, year: number): number => 0.2 + draw(id, year, 2) * 2
const cashFlowOf = (id: number, year: number): number => draw(id, year, 3) * 0.2 - 0.1
const bookOf = (id: number, year: number): number => 0.3 + draw(id, year, 4) * 0.9
const paidOf = (id: number, year: number): number => draw(id, year, 5) * 0.03

/** The day's volume against the mean of the bars before; null where there are none. */
const volumeRatio = (series: BarSeries, row: number): number | null => {
  let sum = 0
  let days = 0
  for (let at = row - 1; at >= 0 && days < DAYS_BEFORE; at--) {
    if (series.price(at, CLOSE) === 0) continue
    sum += series.volume(at)
    days += 1
  }
  return sum === 0 ? null : rounded((series.volume(row) * days) / sum, 2)
}

/** Twelve months of which `quarters` belong to this year. */
const trailing = (of: typeof earningsOf, id: number, year: number, quarters: number): number =>
  (of(id, year - 1) * (4 - quarters) + of(id, year) * quarters) / 4

const ratio = (worth: number, part: number): number | null => (part === 0 ? null : rounded(worth / part, 4))

/** What a company reported by then, in shares of its worth on its first day; null where it paid nothing. */
const figuresOf = (id: number, year: number, quarters: number) => {
  const thisYear = quarters === 0 ? year - 1 : year
  const earned = earningsOf(id, year - 1)
  const earnedThisYear = earningsOf(id, thisYear)
  return {
    year,
    quarters,
    earned,
    earnedThisYear,
    earnedTtm: trailing(earningsOf, id, year, quarters),
    book: bookOf(id, thisYear),
    sold: salesOf(id, year - 1),
    soldTtm: trailing(salesOf, id, year, quarters),
    flowTtm: trailing(cashFlowOf, id, year, quarters),
    paidBefore: earned > 0 ? paidOf(id, year - 1) : null,
    paidLast: earnedThisYear > 0 ? paidOf(id, thisYear) : null,
  }
}

/** Valuations that follow from the bars of an invented stock and an invented company behind it. */
export const inventedValuations = (id: number, series: BarSeries, calendar: Calendar): ValuationSeries => {
  const shares = sharesOf(series)
  if (shares === null) return NO_VALUATIONS
  const { total, floating } = shares
  const free = Math.max(UNIT, Math.floor((floating * 0.6) / UNIT) * UNIT)
  let firstRow = 0
  while (series.price(firstRow, CLOSE) === 0) firstRow += 1
  const start = (series.price(firstRow, CLOSE) * total) / 100
  let figures = figuresOf(id, 0, 0)
  const at = (session: number): Valuation | null => {
    const row = series.rowAt(session)
    if (row < 0) return null
    const date = calendar.sessions[session] ?? ''
    const year = Number(date.slice(0, 4))
    const quarters = Math.floor((Number(date.slice(4, 6)) - 1) / 3)
    // Neighbouring sessions are asked for one after the other.
    if (figures.year !== year || figures.quarters !== quarters) figures = figuresOf(id, year, quarters)
    const close = series.price(row, CLOSE)
    const volume = series.volume(row)
    const totalMv = (close * total) / 100
    const worth = totalMv / start
    const { paidBefore, paidLast } = figures
    return {
      close: close / 100,
      turnoverRate: rounded((volume / floating) * 100, 4),
      turnoverRateF: rounded((volume / free) * 100, 4),
      volumeRatio: volumeRatio(series, row),
      pe: ratio(worth, figures.earned),
      peTtm: ratio(worth, figures.earnedTtm),
      peDynamic: ratio(worth, figures.earnedThisYear),
      pb: ratio(worth, figures.book),
      ps: ratio(worth, figures.sold),
      psTtm: ratio(worth, figures.soldTtm),
      pcfNcfTtm: ratio(worth, figures.flowTtm),
      dvRatio: paidBefore === null ? null : rounded((paidBefore / worth) * 100, 4),
      dvTtm: paidLast === null ? null : rounded((paidLast / worth) * 100, 4),
      totalShare: total,
      floatShare: floating,
      freeShare: free,
      totalMv,
      circMv: (close * floating) / 100,
    }
  }
  return { first: series.first, last: series.last, at }
}
