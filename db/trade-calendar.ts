import type { Tx } from './client.ts'
import { followCalendar } from './follow-calendar.ts'
import type { MergeCounts } from './merge.ts'

/** Merges days of an exchange's calendar. Bars of weeks and months follow it: their dates and ends come from it. */
export async function mergeCalendar(
  tx: Tx,
  rows: readonly {
    exchange: string
    trade_date: string
    is_open: boolean
    previous_trade_date: string | null
  }[],
  context: { source: string; runId: string; job: string },
): Promise<MergeCounts> {
  // An answer may hold a day twice, and one statement may touch a row once.
  const days = [...new Map(rows.map((row) => [`${row.exchange} ${row.trade_date}`, row])).values()]
  const turned = await turnedDays(tx, days)
  const touched = await tx.unsafe<{ inserted: boolean }[]>(
    `insert into trade_calendar as t (exchange, trade_date, is_open, previous_trade_date, source, run_id, data_type)
     select exchange, trade_date, is_open, previous_trade_date, $2, $3::uuid, $4
     from jsonb_to_recordset($1::jsonb) as s(exchange text, trade_date date, is_open boolean, previous_trade_date date)
     order by exchange, trade_date
     on conflict (exchange, trade_date) do update set is_open = excluded.is_open,
       previous_trade_date = coalesce(excluded.previous_trade_date, t.previous_trade_date), source = excluded.source,
       updated_at = now(), run_id = excluded.run_id, data_type = excluded.data_type
     where t.is_open is distinct from excluded.is_open
       or (excluded.previous_trade_date is not null and t.previous_trade_date is distinct from excluded.previous_trade_date)
     returning (xmax = 0) as inserted`,
    [tx.json(days), context.source, context.runId, context.job],
  )
  await followCalendar(tx, turned, context)
  const inserted = touched.filter((row) => row.inserted).length
  const updated = touched.length - inserted
  return { inserted, updated, unchanged: days.length - inserted - updated }
}

/** Days that were not known to be open or closed as they are now, ascending. */
async function turnedDays(
  tx: Tx,
  days: readonly { exchange: string; trade_date: string; is_open: boolean }[],
): Promise<string[]> {
  const rows = await tx.unsafe<{ date: string }[]>(
    `select s.trade_date as date from jsonb_to_recordset($1::jsonb) as s(exchange text, trade_date date, is_open boolean)
     left join trade_calendar t on t.exchange = s.exchange and t.trade_date = s.trade_date
     where t.is_open is distinct from s.is_open order by 1`,
    [tx.json(days)],
  )
  return rows.map(({ date }) => date)
}
