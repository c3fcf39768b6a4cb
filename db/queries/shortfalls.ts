import type { Sql, Tx } from '../client.ts'
import { beginnings } from './beginnings.ts'

/** How many cells of a dataset a source did not bring. */
export interface Shortfall {
  dataset: string
  source: string
  count: number
}

/** What each source failed at in a run, and what its answers lacked. */
export async function shortfallsOf(sql: Sql, runId: string): Promise<Shortfall[]> {
  return await sql<Shortfall[]>`
    select dataset, source, sum(n)::int as count from (
      select dataset, source, count(*) as n from sync_failure where run_id = ${runId} and resolved_at is null group by 1, 2
      union all
      select h.dataset, h.source, count(*) from coverage_hole h, sync_run r
      where r.id = ${runId} and h.last_seen_at >= r.started_at and h.reason <> 'absent_upstream' group by 1, 2
    ) t group by 1, 2`
}

/** What a source left undone of a dataset in a run, with a reason where there is one. */
export interface Leftover {
  dataset: string
  source: string
  /** Open ones; of several messages the newest. */
  failures: number
  failure: string | null
  /** Rows that came and were refused; of several reasons the most frequent. */
  refused: number
  refusal: string | null
  /** Cells that its answers did not have, whoever brought them in the end; none before an index began. */
  missing: number
}

/** What the sources of a run left undone, by dataset and source. */
export async function leftoversOf(sql: Sql | Tx, runId: string): Promise<Leftover[]> {
  return await sql<Leftover[]>`
    with failed as (
      select dataset, source, count(*)::int as failures, (array_agg(message order by id desc))[1] as failure
      from sync_failure where run_id = ${runId} and resolved_at is null group by 1, 2
    ), refused as (
      select dataset, source, sum(rejected)::int as refused from sync_run_source
      where run_id = ${runId} and rejected > 0 group by 1, 2
    ), refusals as (
      select distinct on (dataset, source) dataset, source, reason as refusal from quarantine
      where run_id = ${runId} group by dataset, source, reason order by dataset, source, count(*) desc, reason
    ), missing as (
      select h.dataset, h.source, count(*)::int as missing from coverage_hole h join sync_run r on r.id = ${runId}
        left join (${beginnings(sql, 'index_bars')}) b on h.dataset = 'index_bars' and b.id = h.instrument_id
      where h.last_seen_at >= r.started_at and h.reason = 'missing' and (b.first is null or h.trade_date >= b.first) group by 1, 2
    )
    select dataset, source, coalesce(failures, 0) as failures, failure, coalesce(refused, 0) as refused, refusal,
      coalesce(missing, 0) as missing
    from failed full join refused using (dataset, source) full join missing using (dataset, source)
      left join refusals using (dataset, source)
    order by dataset, source`
}
