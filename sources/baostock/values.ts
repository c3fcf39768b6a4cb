import { isTradeDate, type TradeDate } from '../../market/date.ts'
import { isSymbol, parseSymbol } from '../../market/symbol.ts'

/*
 * Texts of BaoStock → values. An empty text is a value that is missing, never 0. The server puts white space into texts
 * now and then, even into numbers; its own client takes all of it out.
 */

const PLAIN_DECIMAL = /^-?\d+(?:\.\d+)?$/
const WHITE = /\s+/g

/** Exact decimal text without zeros that say nothing: `311141441.3700` → `311141441.37`; null where there is none. */
export function decimalText(cell: string): string | null {
  const text = PLAIN_DECIMAL.test(cell) ? cell : cell.replace(WHITE, '')
  if (!PLAIN_DECIMAL.test(text)) return null
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** A text without the white space around it; null when nothing is left. */
export const textOrNull = (cell: string): string | null => (cell.trim() === '' ? null : cell.trim())

// The same few thousand dates and codes come in millions of rows.
const MOST_KNOWN = 50_000
// What is longer is neither of them and not worth keeping.
const LONGEST = 12

/** `remembering(read)` reads each text once. */
function remembering<T>(read: (cell: string) => T | null): (cell: string) => T | null {
  const seen = new Map<string, T | null>()
  return (cell) => {
    let value = seen.get(cell)
    if (value === undefined) {
      value = read(cell.replace(WHITE, ''))
      if (seen.size < MOST_KNOWN && cell.length <= LONGEST) seen.set(cell, value)
    }
    return value
  }
}

export const dateOf = remembering<TradeDate>((cell) => (isTradeDate(cell) ? cell : null))

/** `sh.600000` → `600000.SH`. */
export const symbolOf = remembering<string>((cell) => (/^[a-z]{2}\./i.test(cell) ? parseSymbol(cell) : null))

/** `600000.SH` → `sh.600000`. */
export function toCode(symbol: string): string {
  if (!isSymbol(symbol)) throw new TypeError(`not a symbol like 600519.SH: ${symbol}`)
  return `${symbol.slice(7)}.${symbol.slice(0, 6)}`.toLowerCase()
}
