import type { Sql } from '../client.ts'

/** What a source has brought of a dataset in a run. */
export interface SourceCounts {
  dataset: string
  source: string
  calls: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
}

/** By dataset and source. */
export async function sourceCounts(sql: Sql, runId: string): Promise<SourceCounts[]> {
  return await sql`
    select dataset, source, calls::float8, inserted::float8, updated::float8, unchanged::float8, rejected::float8
    from sync_run_source where run_id = ${runId} order by 1, 2`
}
