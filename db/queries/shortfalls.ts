import type { Sql } from '../client.ts'

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
