import type { RejectedRow } from '../contract.ts'
import { rawOf } from '../raw.ts'
import { type Columns, Row, type Rows } from './table.ts'
import { dateOf, symbolOf } from './values.ts'

/** What a mapper makes of a row: a canonical row, a reason why it cannot be one, or null for what is none of ours. */
export type Mapped<T> = T | { reason: string } | null

/** Collects what a mapper gives; rejected rows keep the upstream's own text. */
export function collect<T extends object>(
  table: Lines,
  map: (row: Row, at: Columns) => Mapped<T>,
  rejected: RejectedRow[],
): T[] {
  const collected: T[] = []
  readLines(table, rejected, (row, at) => {
    const mapped = map(row, at)
    if (mapped === null || 'reason' in mapped) return mapped
    collected.push(mapped)
    return null
  })
  return collected
}

interface Lines {
  rows: Rows
  at: Columns
}

/**
 * Reads line by line, where several things are made of one.
 *
 * @param read is given the same row object each time; what it refuses is kept in the upstream's own text
 */
export function readLines(
  { rows, at }: Lines,
  rejected: RejectedRow[],
  read: (row: Row, at: Columns) => { reason: string } | null,
): void {
  const row = new Row(rows)
  for (let i = 0; i < rows.length; i++) {
    const refused = read(row.to(i), at)
    if (refused !== null) rejected.push(rejectedRow(row, at, refused.reason))
  }
}

const rejectedRow = (row: Row, at: Columns, reason: string): RejectedRow => ({
  symbol: symbolOf(row.text(at.code)),
  trade_date: dateOf(row.text(at.date ?? at.dividOperateDate ?? at.calendar_date ?? at.statDate)),
  reason,
  raw: rawOf(row.texts()),
})
