import type { Tx } from '../client.ts'
import { MERGES } from '../merge.ts'
import { suspendedAllDay } from '../suspended.ts'
import type { StagedDataset } from './stage.ts'

/**
 * Covers, for a source, exactly what rows that are staged for a dataset show: their cells, the closed days after each, and
 * sessions between two of them on which the stock is known to have been suspended. Runs inside the transaction that merges
 * them. A session without a row stays uncovered, so that it is asked of others. Holes of cells that came are no holes any
 * more.
 */
export async function coverStaged(
  tx: Tx,
  dataset: StagedDataset,
  { source, instruments }: { source: string; instruments: readonly number[] },
): Promise<void> {
  const ids = instruments as number[]
  const stage = tx(`stage_${MERGES[dataset].table}`)
  // The stage has no statistics: a planner that believes it empty joins in squares.
  await tx`set local enable_nestloop = off`
  await tx`
    delete from coverage_hole h using ${stage} s
    where h.dataset = ${dataset} and h.source = ${source} and h.instrument_id = s.instrument_id and h.trade_date = s.trade_date
      and h.instrument_id = any(${ids})`
  await tx`
    insert into coverage as c (dataset, instrument_id, source, ranges)
    with sessions as materialized (
      select trade_date, coalesce(lead(trade_date) over w, trade_date + 1) as next, row_number() over w as n
      from trade_calendar where exchange = 'SSE' and is_open window w as (order by trade_date)
    ), spans as materialized (
      select instrument_id, min(trade_date) as first, max(trade_date) as last from ${stage} group by 1
    ), cells as (
      select instrument_id, trade_date from ${stage}
      union
      select x.instrument_id, x.trade_date from spans s join suspension x on x.instrument_id = s.instrument_id
        and x.trade_date > s.first and x.trade_date < s.last and ${tx.unsafe(suspendedAllDay('x'))}
      where ${dataset} <> 'adj_factor' and x.instrument_id = any(${ids})
    ), placed as (
      select c.instrument_id, s.trade_date, s.next,
        s.n - row_number() over (partition by c.instrument_id order by s.n) as island
      from cells c join sessions s using (trade_date)
    ), islands as (
      select instrument_id, daterange(min(trade_date), max(next)) as dates from placed group by instrument_id, island
    )
    select ${dataset}, instrument_id, ${source}, range_agg(dates) from islands group by instrument_id order by instrument_id
    on conflict (dataset, instrument_id, source) do update set ranges = c.ranges + excluded.ranges, updated_at = now()
    where not c.ranges @> excluded.ranges`
  await tx`set local enable_nestloop = on`
}
