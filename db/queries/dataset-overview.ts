import type { Sql } from '../client.ts'

/** How far a source has brought a dataset. Instants are PostgreSQL's text. */
export interface DatasetSource {
  dataset: string
  source: string
  /** Dates of which anything is known; null for lists, which have no dates. */
  from_date: string | null
  to_date: string | null
  last_run_at: string | null
}

/** The newest date of each dataset that was verified as complete, named gaps allowed. */
export async function newestComplete(sql: Sql): Promise<{ dataset: string; date: string }[]> {
  return await sql`
    select dataset, max(trade_date)::text as date from day_gate where state in ('complete', 'complete_with_gaps') group by 1`
}

/** What each source has brought, by dataset. A range that ends with a closed day ends with the session before it. */
export async function datasetSources(sql: Sql): Promise<DatasetSource[]> {
  return await sql`
    with known as (
      select dataset, source, min(lower(ranges)) as from_date, max(upper(ranges)) as until
      from coverage where not isempty(ranges) group by 1, 2
    ), brought as (
      select s.dataset, s.source, max(coalesce(r.finished_at, r.updated_at)) as last_run_at
      from sync_run_source s join sync_run r on r.id = s.run_id group by 1, 2
    )
    select dataset, source, k.from_date::text as from_date, b.last_run_at,
      (select max(c.trade_date)::text from trade_calendar c where c.is_open and c.trade_date < k.until) as to_date
    from known k full join brought b using (dataset, source)
    order by 1, 2`
}
