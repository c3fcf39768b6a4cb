import type { LongPeriod } from '../../market/bar-periods.ts'
import type { TradeDate } from '../../market/date.ts'
import { exchangesOf, ROW_SOURCES } from '../../market/sources.ts'
import type { Sql } from '../client.ts'

/** A week or month that is over: its first and last session. */
export interface ClosedPeriod {
  first: TradeDate
  last: TradeDate
}

export interface PeriodState {
  /** Stocks listed in the period of which no source has it all: its days, and a final bar if it traded. */
  incomplete: number
  /** Those of them of which every day is there, of one source or another. */
  mixed: number
}

const SERVED = ROW_SOURCES.flatMap((source) => exchangesOf(source).map((exchange) => ({ source, exchange })))

/** How much of a closed period is there. */
export async function periodState(
  sql: Sql,
  about: ClosedPeriod & {
    period: LongPeriod
    exchanges: readonly string[]
    /** Null: the whole market. */
    instruments: readonly number[] | null
  },
): Promise<PeriodState> {
  const { first, last, period, exchanges, instruments } = about
  return await sql.begin(async (tx) => {
    // Freshly loaded tables have no statistics, and a planner that believes them empty joins in squares.
    await tx.unsafe('set local enable_nestloop = off; set local enable_mergejoin = off')
    const [row] = await tx<PeriodState[]>`
      with stocks as materialized (
        select id, exchange, daterange(greatest(list_date, ${first}), least(delist_date - 1, ${last}), '[]') as life
        from instrument
        where kind = 'stock' and not stub and exchange = any(${exchanges as string[]})
          and coalesce(list_date <= ${last}, true) and coalesce(delist_date > greatest(${first}::date, list_date), true)
          and (${instruments === null} or id = any(${(instruments ?? []) as number[]}))
      ), served as materialized (
        select * from unnest(${SERVED.map((s) => s.source)}::text[], ${SERVED.map((s) => s.exchange)}::text[]) as s(source, exchange)
      ), holes as materialized (
        select instrument_id, source, range_agg(daterange(trade_date, trade_date, '[]')) as dates from coverage_hole
        where dataset = 'bars' and trade_date between ${first} and ${last} and reason <> 'absent_upstream' and accepted_at is null
        group by 1, 2
      ), traded as materialized (
        select distinct instrument_id, source from bars where period = 'daily' and trade_date between ${first} and ${last}
      ), final as materialized (
        select instrument_id, source from bars where period = ${period} and trade_date = ${last} and is_final
      ), held as materialized (
        select s.id, s.life, v.source,
          coalesce(o.ranges, '{}') + coalesce(m.ranges, '{}') - coalesce(h.dates, '{}') as ranges
        from stocks s join served v on v.exchange = s.exchange
          left join coverage o on o.dataset = 'bars' and o.instrument_id = s.id and o.source = v.source
          left join coverage m on m.dataset = 'bars' and m.instrument_id = 0 and m.source = v.source
          left join holes h on h.instrument_id = s.id and h.source = v.source
      ), judged as (
        select h.id, bool_or(h.ranges @> h.life) as is_whole, coalesce(range_agg(h.ranges), '{}') @> h.life as is_there,
          bool_or(h.ranges @> h.life and (t.instrument_id is null or f.instrument_id is not null)) as is_complete
        from held h
          left join traded t on t.instrument_id = h.id and t.source = h.source
          left join final f on f.instrument_id = h.id and f.source = h.source
        group by h.id, h.life
      )
      select count(*) filter (where not is_complete)::int as incomplete,
        count(*) filter (where is_there and not is_whole)::int as mixed from judged`
    return row ?? { incomplete: 0, mixed: 0 }
  })
}
