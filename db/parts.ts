import { daysBetween, type TradeDate } from '../market/date.ts'

// Rows of a part, about: enough to be worth its statements, few enough to be sorted in memory.
const PART_ROWS = 200_000
const MAX_STOCKS = 500
const SESSIONS_A_DAY = 0.67

/**
 * The whole market over many days, some stocks at a time: so neither the server sorts millions of rows nor anybody holds what
 * belongs to every stock. A single day is one part.
 *
 * @param stocks id and symbol, in the order of the answer
 */
export function* inParts(
  stocks: readonly (readonly [number, string])[],
  { from, to }: { from: TradeDate; to: TradeDate },
): Generator<Map<number, string>> {
  const days = Math.max(0, daysBetween(from, to)) + 1
  const rows = Math.floor(PART_ROWS / (days * SESSIONS_A_DAY))
  const size = from === to ? Math.max(1, stocks.length) : Math.max(1, Math.min(MAX_STOCKS, rows))
  for (let at = 0; at < stocks.length; at += size) yield new Map(stocks.slice(at, at + size))
}

/** Instruments by symbol. */
export const bySymbol = (symbols: ReadonlyMap<number, string>): [number, string][] =>
  [...symbols].sort(([, a], [, b]) => (a < b ? -1 : 1))
