import type { Sql } from '../client.ts'

/** What operators watch, counted from the tables. */
export interface Figures {
  runs: readonly { job: string; status: string; n: number }[]
  /** Of the runs that are under way. */
  batches: readonly { job: string; state: string; n: number }[]
  brought: readonly {
    source: string
    dataset: string
    inserted: number
    updated: number
    unchanged: number
    rejected: number
    calls: number
  }[]
  failures: readonly { dataset: string; source: string; n: number }[]
  sessions: readonly { dataset: string; state: string; n: number }[]
  /** The newest complete session of each dataset, as the epoch second of its midnight in Shanghai. */
  freshness: readonly { dataset: string; seconds: number }[]
  places: readonly { source: string; site: string; resting: boolean }[]
}

/** Reads them in a few milliseconds: every table here has a row for a run, a batch, a day or a source, none for a bar. */
export async function readFigures(sql: Sql): Promise<Figures> {
  const [runs, batches, brought, failures, sessions, freshness, places] = await Promise.all([
    sql<Figures['runs'][number][]>`
      select job, status, count(*)::int as n from sync_run group by 1, 2 order by 1, 2`,
    sql<Figures['batches'][number][]>`
      select r.job, b.state, count(*)::int as n from sync_batch b join sync_run r on r.id = b.run_id
      where r.status in ('pending', 'running', 'paused', 'waiting') group by 1, 2 order by 1, 2`,
    sql<Figures['brought'][number][]>`
      select source, dataset, sum(inserted)::float8 as inserted, sum(updated)::float8 as updated,
        sum(unchanged)::float8 as unchanged, sum(rejected)::float8 as rejected, sum(calls)::float8 as calls
      from sync_run_source group by 1, 2 order by 1, 2`,
    sql<Figures['failures'][number][]>`
      select dataset, source, count(*)::int as n from sync_failure where resolved_at is null group by 1, 2 order by 1, 2`,
    sql<Figures['sessions'][number][]>`
      select dataset, state, count(*)::int as n from day_gate group by 1, 2 order by 1, 2`,
    sql<Figures['freshness'][number][]>`
      select dataset, extract(epoch from max(trade_date)::timestamp at time zone 'Asia/Shanghai')::float8 as seconds
      from day_gate where state in ('complete', 'complete_with_gaps') group by 1 order by 1`,
    sql<Figures['places'][number][]>`
      select source, site, coalesce(resting_until > clock_timestamp(), false) as resting from source_health order by 1, 2`,
  ])
  return { runs, batches, brought, failures, sessions, freshness, places }
}
