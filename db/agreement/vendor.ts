import { type LongPeriod, periodAround } from '../../market/bar-periods.ts'
import type { TradeDate } from '../../market/date.ts'
import type { BarFieldName } from '../../market/tolerances.ts'
import type { Sql } from '../client.ts'
import { agreeCondition } from './bars.ts'

/*
 * Weekly and monthly bars that were made of days against those that an upstream makes itself. Both are of one source: of a
 * row in `agreement` A is ours and B theirs, the field is named after the period (`weekly.close`), the date is ours.
 * References and percentages are left out: upstreams disagree on what a week's are on ex-dates.
 */

const FIELDS = ['open', 'high', 'low', 'close', 'volume', 'amount'] as const satisfies readonly BarFieldName[]

/** A bar as an upstream makes it, under its own date. */
export interface VendorBar {
  symbol: string
  trade_date: TradeDate
  open: number
  high: number
  low: number
  close: number
  volume: string
  amount: string
}

export interface VendorAgreement {
  /** Values that both have, of final bars. */
  compared: number
  disagreed: number
  /** Bars of theirs that we do not have, or not yet to their end. */
  onlyTheirs: number
}

/** Compares bars of closed periods and makes `agreement` say what differs in them. */
export async function recordVendorAgreement(
  sql: Sql,
  about: { source: string; period: LongPeriod; runId: string },
  bars: readonly VendorBar[],
): Promise<VendorAgreement> {
  const { source, period, runId } = about
  const rows = bars.map((bar) => ({ ...bar, period_start: periodAround(period, bar.trade_date).from }))
  const starts = rows.map((row) => row.period_start).sort()
  const from = starts[0] ?? '1990-12-01'
  const { to } = periodAround(period, starts.at(-1) ?? from)
  return await sql.begin(async (tx) => {
    await tx`set local enable_nestloop = off`
    const columns = FIELDS.map((field) => `${field} numeric`).join(', ')
    const [counts] = await tx.unsafe<VendorAgreement[]>(
      `with theirs as materialized (
        select distinct on (c.instrument_id, t.period_start) c.instrument_id, t.* from jsonb_to_recordset($1::jsonb)
          as t(symbol text, period_start date, ${columns}) join instrument_code c on c.code = t.symbol
      ), pairs as materialized (
        select b.instrument_id, b.trade_date, ${FIELDS.map((f) => `b.${f} as a_${f}, t.${f} as b_${f}`).join(', ')}
        from theirs t left join bars b on b.instrument_id = t.instrument_id and b.period_start = t.period_start
          and b.period = '${period}' and b.source = $2 and b.is_final and b.trade_date between '${from}' and '${to}'
      ), judged as materialized (
        select p.instrument_id, p.trade_date, '${period}.' || f.field as field, f.value_a, f.value_b, f.agrees
        from pairs p
        cross join lateral (values ${FIELDS.map((f) => `('${f}', a_${f}, b_${f}, ${conditionOf(f, source)})`).join(', ')}) as f(field, value_a, value_b, agrees)
        where p.instrument_id is not null
      ), gone as (
        delete from agreement g using judged j where g.dataset = 'bars' and g.instrument_id = j.instrument_id
          and g.trade_date = j.trade_date and g.field = j.field and g.source_a = $2 and g.source_b = $2 and j.agrees
      ), stored as (
        insert into agreement as g (dataset, instrument_id, trade_date, field, source_a, value_a, source_b, value_b, verdict, run_id)
        select 'bars', instrument_id, trade_date, field, $2, value_a, $2, value_b, 'disputed', $3::uuid from judged where not agrees
        on conflict (dataset, instrument_id, trade_date, field, source_a, source_b) do update set value_a = excluded.value_a,
          value_b = excluded.value_b, verdict = excluded.verdict, run_id = excluded.run_id, last_seen_at = now()
      )
      select (select count(*)::int from judged) as compared, (select count(*)::int from judged where not agrees) as disagreed,
        (select count(*)::int from pairs where instrument_id is null) as "onlyTheirs"`,
      [tx.json(rows), source, runId],
    )
    return counts ?? { compared: 0, disagreed: 0, onlyTheirs: 0 }
  })
}

/** The tolerance of a field between two rows of one source, over columns `a_close` and `b_close`. */
const conditionOf = (field: BarFieldName, source: string): string =>
  agreeCondition(field, source, source).replaceAll(/\b([ab])\./g, '$1_')
