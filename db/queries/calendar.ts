import type { TradeDate } from '../../market/date.ts'
import { columnsAs } from '../bars/columns.ts'
import { hashOf, rowsVersion } from '../bars/version.ts'
import type { Sql } from '../client.ts'
import type { Reading } from './reading.ts'

export interface CalendarQuery {
  /** Shown with every day. The exchanges have the same sessions, which are kept once. */
  exchange: string
  from: TradeDate
  to: TradeDate
  /** Without the days on which the market is closed. */
  isSessionsOnly: boolean
}

/** How far the calendar is known; nulls when it is not there. */
export async function calendarBounds(
  sql: Sql,
): Promise<{ knownFrom: TradeDate | null; knownTo: TradeDate | null }> {
  const [row] = await sql<{ knownFrom: TradeDate | null; knownTo: TradeDate | null }[]>`
    select min(trade_date) as "knownFrom", max(trade_date) as "knownTo" from trade_calendar where exchange = 'SSE'`
  return row ?? { knownFrom: null, knownTo: null }
}

const LOT = 1_000

/** Days with the session before and the one after each. */
export async function readCalendar(sql: Sql, query: CalendarQuery): Promise<Reading> {
  const { exchange, from, to, isSessionsOnly } = query
  return {
    columns: [
      ...columnsAs('text', null, 'exchange'),
      ...columnsAs('date', null, 'trade_date'),
      ...columnsAs('boolean', null, 'is_open'),
      ...columnsAs('date', null, 'previous_session', 'next_session'),
    ],
    version: hashOf([query, await rowsVersion(sql, 'trade_calendar')]),
    rows: async function* () {
      const statement = sql`
        select ${exchange}::text, trade_date, is_open, previous_session, next_session from (
          select trade_date, is_open,
            max(trade_date) filter (where is_open) over (order by trade_date rows between unbounded preceding and 1 preceding) as previous_session,
            min(trade_date) filter (where is_open) over (order by trade_date desc rows between unbounded preceding and 1 preceding) as next_session
          from trade_calendar where exchange = 'SSE'
        ) d
        where trade_date between ${from} and ${to} and (is_open or ${!isSessionsOnly}) order by trade_date`
      yield* statement.values().cursor(LOT) as AsyncIterable<(string | boolean | null)[][]>
    },
  }
}
