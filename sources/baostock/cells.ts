import { isTradeDate, type TradeDate } from '../../market/date.ts'
import { isSymbol, parseSymbol } from '../../market/symbol.ts'
import type { RejectedRow } from '../contract.ts'
import type { Cells, Columns } from './records.ts'

/*
 * Texts of BaoStock → values. An empty text is a value that is missing, never 0. The server puts white space into texts
 * now and then, even into numbers; its own client takes all of it out.
 */

const PLAIN_DECIMAL = /^-?\d+(?:\.\d+)?$/
const WHITE = /\s+/g

/** Exact decimal text without zeros that say nothing: `311141441.3700` → `311141441.37`; null where there is none. */
export function decimalText(cell: string | undefined): string | null {
  if (cell === undefined || cell === '') return null
  const text = PLAIN_DECIMAL.test(cell) ? cell : cell.replace(WHITE, '')
  if (!PLAIN_DECIMAL.test(text)) return null
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** The same as a number, for values of few digits. */
export function decimal(cell: string | undefined): number | null {
  if (cell === undefined || cell === '') return null
  if (PLAIN_DECIMAL.test(cell)) return Number(cell)
  const text = decimalText(cell)
  return text === null ? null : Number(text)
}

/** A text without the white space around it; null when nothing is left. */
export function text(cell: string | undefined): string | null {
  const value = cell?.trim() ?? ''
  return value === '' ? null : value
}

// The same few thousand dates and codes come in millions of rows.
const MOST_KNOWN = 50_000

/** `known(read)` reads each text once. */
function known<T>(read: (cell: string) => T | null): (cell: string | undefined) => T | null {
  const seen = new Map<string, T | null>()
  return (cell) => {
    if (cell === undefined) return null
    let value = seen.get(cell)
    if (value === undefined) {
      value = read(cell.replace(WHITE, ''))
      if (seen.size < MOST_KNOWN) seen.set(cell, value)
    }
    return value
  }
}

export const dateOf = known<TradeDate>((cell) => (isTradeDate(cell) ? cell : null))

/** `sh.600000` → `600000.SH`. */
export const symbolOf = known<string>((cell) => (/^[a-z]{2}\./i.test(cell) ? parseSymbol(cell) : null))

/** `600000.SH` → `sh.600000`. */
export function toCode(symbol: string): string {
  if (!isSymbol(symbol)) throw new TypeError(`not a symbol like 600519.SH: ${symbol}`)
  return `${symbol.slice(7)}.${symbol.slice(0, 6)}`.toLowerCase()
}

/** What a mapper makes of a row: a canonical row, a reason why it cannot be one, or null for what is none of ours. */
export type Mapped<T> = T | { reason: string } | null

/** Collects what a mapper gives; rejected rows keep the upstream's own text. */
export function collect<T extends object>(
  rows: readonly Cells[],
  at: Columns,
  map: (cells: Cells, at: Columns) => Mapped<T>,
  rejected: RejectedRow[],
): T[] {
  const collected: T[] = []
  for (const cells of rows) {
    const mapped = map(cells, at)
    if (mapped === null) continue
    if ('reason' in mapped) rejected.push(rejectedRow(cells, at, mapped.reason))
    else collected.push(mapped)
  }
  return collected
}

const rejectedRow = (cells: Cells, at: Columns, reason: string): RejectedRow => ({
  symbol: symbolOf(cells[at.code ?? -1]),
  trade_date: dateOf(cells[at.date ?? at.dividOperateDate ?? at.calendar_date ?? at.statDate ?? -1]),
  reason,
  raw: JSON.stringify(cells),
})
