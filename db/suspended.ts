import type { DateRange } from '../planning/types.ts'
import type { Fragment } from './bars/region.ts'
import type { Sql, Tx } from './client.ts'

/**
 * Of a row of `suspension`, by its name in a statement: the stock did not trade on that day at all, and no bar is missing. A
 * suspension for a part of the day has a timing, and the day that ends one has a type of its own.
 */
export const suspendedAllDay = (row: string): string =>
  `${row}.suspend_type = 'S' and ${row}.suspend_timing is null`

/** That no source has such a row for a cell, by its instrument and date in a statement, which lies in a range. */
export const notSuspended = (
  sql: Sql | Tx,
  [instrument, date]: readonly [string, string],
  { from, to }: DateRange,
): Fragment => sql`not exists (
  select from suspension s where s.instrument_id = ${sql.unsafe(instrument)} and s.trade_date = ${sql.unsafe(date)}
    and ${sql.unsafe(suspendedAllDay('s'))} and s.trade_date between ${from} and ${to}
)`
