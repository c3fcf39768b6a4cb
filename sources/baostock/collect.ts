import type { RejectedRow } from '../contract.ts'
import { type Columns, Row, type Rows } from './table.ts'
import { dateOf, symbolOf } from './values.ts'

/** What a mapper makes of a row: a canonical row, a reason why it cannot be one, or null for what is none of ours. */
export type Mapped<T> = T | { reason: string } | null

/** Collects what a mapper gives; rejected rows keep the upstream's own text. */
export function collect<T extends object>(
  { rows, at }: { rows: Rows; at: Columns },
  map: (row: Row, at: Columns) => Mapped<T>,
  rejected: RejectedRow[],
): T[] {
  const collected: T[] = []
  const row = new Row(rows)
  for (let i = 0; i < rows.length; i++) {
    const mapped = map(row.to(i), at)
    if (mapped === null) continue
    if ('reason' in mapped) rejected.push(rejectedRow(row, at, mapped.reason))
    else collected.push(mapped)
  }
  return collected
}

const rejectedRow = (row: Row, at: Columns, reason: string): RejectedRow => ({
  symbol: symbolOf(row.text(at.code)),
  trade_date: dateOf(row.text(at.date ?? at.dividOperateDate ?? at.calendar_date ?? at.statDate)),
  reason,
  raw: JSON.stringify(row.texts()),
})
