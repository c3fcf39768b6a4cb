import type { SourceCall } from '../market/capability.ts'
import { addDays, type TradeDate } from '../market/date.ts'
import { MOST_FIGURE, passesUnitGuard } from '../market/units.ts'
import type { RejectedRow, StockRow } from './contract.ts'
import { rawOf } from './raw.ts'

/** What every source checks of its rows, whatever they looked like on the wire. */

/** Prices in yuan, volume in shares and amount in yuan, as exact decimal text; null for what is missing. */
export interface BarParts {
  open: number | null
  high: number | null
  low: number | null
  close: number | null
  volume: string | null
  amount: string | null
  pre_close?: number | null
  change?: number | null
  pct_chg?: number | null
}

/** The same object, of which the parts are known to be there. */
type Whole<T> = T & {
  [K in 'open' | 'high' | 'low' | 'close' | 'volume' | 'amount']: NonNullable<BarParts[K]>
}

/** A bar whose parts can be true, or the reason why they cannot. */
export function checkedBar<T extends BarParts>(bar: T): Whole<T> | { reason: string } {
  const reason = problemOf(bar) ?? unitProblem(bar as Whole<T>)
  return reason === null ? (bar as Whole<T>) : { reason }
}

/** The same without a look at the unit, for a source that has more to say of it. */
export function orderedBar<T extends BarParts>(bar: T): Whole<T> | { reason: string } {
  const reason = problemOf(bar)
  return reason === null ? (bar as Whole<T>) : { reason }
}

function problemOf(bar: BarParts): string | null {
  const { open, high, low, close, volume, amount } = bar
  if (open === null || high === null || low === null || close === null) return 'a price is missing'
  if (volume === null || amount === null) return 'volume or amount is missing'
  if (!(low > 0)) return 'a price is not positive'
  if (high < open || high < close || low > open || low > close) return 'prices out of order'
  if (isBeyond(high) || isBeyond(bar.pre_close) || isBeyond(bar.change) || isBeyond(bar.pct_chg))
    return 'a price is more than there can be'
  if (volume.startsWith('-') || amount.startsWith('-')) return 'volume or amount is negative'
  return volume.includes('.') ? 'volume is not a whole number of shares' : null
}

const isBeyond = (figure: number | null | undefined): boolean =>
  figure != null && (figure > MOST_FIGURE || figure < -MOST_FIGURE)

const unitProblem = ({ low, high, volume, amount }: Whole<BarParts>): string | null =>
  passesUnitGuard({ low, high, volume: Number(volume), amount: Number(amount) })
    ? null
    : 'amount / volume is outside the range of prices: wrong unit'

type Bounds = Pick<SourceCall, 'symbols' | 'from' | 'to'>

/** Why a row is refused that nobody asked for: it would be stored under somebody else's coverage. */
export const NOT_ASKED = { reason: 'not part of what was asked' } as const

/**
 * Tells whether a row was asked for. Rows of one symbol, or of one date, follow each other: what was found of the last one
 * holds for the next.
 *
 * @param call with null for dates that do not bound the answer
 */
export function insideOf({
  symbols,
  from,
  to,
}: Bounds): (row: { symbol: string; trade_date: string }) => boolean {
  const asked = symbols === null ? null : new Set(symbols)
  let lastSymbol = ''
  let lastDate = ''
  let isSymbolInside = false
  let isDateInside = false
  return ({ symbol, trade_date }) => {
    if (symbol !== lastSymbol) {
      lastSymbol = symbol
      isSymbolInside = asked === null || asked.has(symbol)
    }
    if (trade_date !== lastDate) {
      lastDate = trade_date
      isDateInside = trade_date >= (from ?? '') && trade_date <= (to ?? '9999')
    }
    return isSymbolInside && isDateInside
  }
}

/** The rows that were asked for; the others are rejected. */
export function insideCall<T extends { symbol: string; trade_date: string }>(
  call: Bounds,
  rows: readonly T[],
  rejected: RejectedRow[],
): T[] {
  const isInside = insideOf(call)
  return rows.filter((row) => {
    if (isInside(row)) return true
    const { symbol, trade_date } = row
    rejected.push({ symbol, trade_date, ...NOT_ASKED, raw: rawOf(row) })
    return false
  })
}

// A listing is announced some weeks ahead. What lies further off is a placeholder for "unknown", and no day of such a stock
// would ever be expected.
const LISTING_KNOWN_DAYS = 366

/** Why the dates of a stock in a list cannot be true; null for those that can. */
export function listingProblem(
  { list_date, delist_date }: Pick<StockRow, 'list_date' | 'delist_date'>,
  today: TradeDate,
): string | null {
  if (list_date === null) return null
  if (list_date > addDays(today, LISTING_KNOWN_DAYS)) return `listed on ${list_date}, more than a year ahead`
  return delist_date !== null && delist_date <= list_date
    ? `delisted on ${delist_date}, not after its listing on ${list_date}`
    : null
}

// The column keeps eight decimals: less would become 0, by which no price can be divided.
const LEAST_FACTOR = 1e-6
const MOST_FACTOR = 1e9

/** True for a factor that the tables can hold and prices can be divided by. */
export const isFactor = (factor: number | null): factor is number =>
  factor !== null && factor >= LEAST_FACTOR && factor <= MOST_FACTOR

export const NO_FACTOR = { reason: 'factor is missing, or none that there can be' } as const

/** That the high is the highest and the low the lowest of those that are there. */
export function arePricesInOrder({
  open,
  high,
  low,
  close,
}: Record<'open' | 'high' | 'low' | 'close', number | null>): boolean {
  const inside = [open, close].filter((price) => price !== null)
  return (
    (high === null || inside.every((price) => price <= high)) &&
    (low === null || inside.every((price) => price >= low)) &&
    (high === null || low === null || low <= high)
  )
}
