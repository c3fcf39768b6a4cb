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

interface Known<T> {
  cell: string
  value: T | null
  /** What came in the row after it the last time. */
  next: Known<T> | null
}

/**
 * Reads each text once. All rows of an answer have the same code or the same date, and the others come in the same order in
 * one answer after the other: most of the time nothing has to be looked up, nor a text made of the bytes.
 */
export class Memory<T> {
  readonly #read: (cell: string) => T | null
  readonly #seen = new Map<string, Known<T>>()
  #last: Known<T> = { cell: '', value: null, next: null }

  /** @param read makes a value of a text without white space; null for nothing */
  constructor(read: (cell: string) => T | null) {
    this.#read = read
  }

  of(cell: string): T | null {
    let known = this.#seen.get(cell)
    if (known === undefined) {
      known = { cell, value: this.#read(cell.replace(WHITE, '')), next: null }
      if (this.#seen.size >= MOST_KNOWN || cell.length > LONGEST) return known.value
      this.#seen.set(cell, known)
    }
    this.#last.next = known
    this.#last = known
    return known.value
  }

  /** The same of a part of UTF-8 bytes. */
  ofBytes(bytes: Buffer, from: number, to: number): T | null {
    const last = this.#last
    if (isText(bytes, from, to, last.cell)) return last.value
    const { next } = last
    if (next === null || !isText(bytes, from, to, next.cell)) return this.of(bytes.toString('utf8', from, to))
    this.#last = next
    return next.value
  }
}

/** True when the bytes are that text; never for a text that is not ASCII, which has more bytes than characters. */
function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (text.length !== to - from) return false
  // From behind: codes and dates differ in their last characters.
  let at = text.length - 1
  while (at >= 0 && text.charCodeAt(at) === bytes[from + at]) at--
  return at < 0
}

/** The few thousand dates that come in millions of rows. */
export const DATES = new Memory<TradeDate>((cell) => (isTradeDate(cell) ? cell : null))
/** The same for one cell; null for what is no date. */
export const dateOf = (cell: string): TradeDate | null => DATES.of(cell)

const SYMBOLS = new Memory<string>((cell) => (/^[a-z]{2}\./i.test(cell) ? parseSymbol(cell) : null))
/** `sh.600000` → `600000.SH`. */
export const symbolOf = (cell: string): string | null => SYMBOLS.of(cell)

/** `600000.SH` → `sh.600000`. */
export function toCode(symbol: string): string {
  if (!isSymbol(symbol)) throw new TypeError(`not a symbol like 600519.SH: ${symbol}`)
  return `${symbol.slice(7)}.${symbol.slice(0, 6)}`.toLowerCase()
}
