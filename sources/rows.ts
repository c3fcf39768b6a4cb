import type { SourceCall } from '../market/capability.ts'
import { passesUnitGuard } from '../market/units.ts'
import type { RejectedRow } from './contract.ts'

/** What every source checks of its rows, whatever they looked like on the wire. */

/** Prices in yuan, volume in shares and amount in yuan, as exact decimal text; null for what is missing. */
export interface BarParts {
  open: number | null
  high: number | null
  low: number | null
  close: number | null
  volume: string | null
  amount: string | null
}

type Whole = { [K in keyof BarParts]: NonNullable<BarParts[K]> }

/** The parts of a bar that can be true, or the reason why they cannot. */
export function checkedBar({ open, high, low, close, volume, amount }: BarParts): Whole | { reason: string } {
  if (open === null || high === null || low === null || close === null)
    return { reason: 'a price is missing' }
  if (volume === null || amount === null) return { reason: 'volume or amount is missing' }
  if (!(low > 0)) return { reason: 'a price is not positive' }
  if (high < open || high < close || low > open || low > close) return { reason: 'prices out of order' }
  if (volume.startsWith('-') || amount.startsWith('-')) return { reason: 'volume or amount is negative' }
  if (volume.includes('.')) return { reason: 'volume is not a whole number of shares' }
  if (!passesUnitGuard({ low, high, volume: Number(volume), amount: Number(amount) }))
    return { reason: 'amount / volume is outside the range of prices: wrong unit' }
  return { open, high, low, close, volume, amount }
}

/**
 * Rows that were not asked for are no part of the answer: they are rejected, not stored under somebody else's coverage.
 *
 * @param call with null for dates that do not bound the answer
 */
export function insideCall<T extends { symbol: string; trade_date: string }>(
  call: Pick<SourceCall, 'symbols' | 'from' | 'to'>,
  rows: readonly T[],
  rejected: RejectedRow[],
): T[] {
  const asked = call.symbols === null ? null : new Set(call.symbols)
  return rows.filter((row) => {
    const isInside =
      row.trade_date >= (call.from ?? '') &&
      row.trade_date <= (call.to ?? '9999') &&
      (asked === null || asked.has(row.symbol))
    if (!isInside)
      rejected.push({
        symbol: row.symbol,
        trade_date: row.trade_date,
        reason: 'not part of what was asked',
        raw: JSON.stringify(row),
      })
    return isInside
  })
}
