import type { Sql } from '../client.ts'

/** A run with what belongs to it, as lists and pages show it. Instants are PostgreSQL's text. */
export interface RunView {
  id: string
  job: string
  status: string
  phase: string | null
  params: Record<string, unknown>
  message: string | null
  request_id: string | null
  workflow_id: string
  created_at: string
  started_at: string | null
  finished_at: string | null
  updated_at: string
  total: number
  done: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
  calls: number
  cells_total: number
  cells_done: number
  last_trade_date: string | null
  verification: Record<string, unknown> | null
  /** Open failures. */
  errors: number
  batches_total: number
  batches_done: number
}

const columns = (sql: Sql) => sql`
  r.id, r.job, r.status, r.phase, r.params, r.message, r.request_id, r.workflow_id, r.created_at, r.started_at, r.finished_at,
  r.updated_at, r.total, r.symbols_done as done, r.inserted, r.updated, r.unchanged, r.rejected, r.calls, r.cells_total,
  r.cells_done, r.last_trade_date, r.verification,
  (select count(*)::int from sync_failure f where f.run_id = r.id and f.resolved_at is null) as errors,
  (select count(*)::int from sync_batch b where b.run_id = r.id and b.state <> 'split') as batches_total,
  (select count(*)::int from sync_batch b where b.run_id = r.id and b.state in ('done', 'skipped', 'failed')) as batches_done`

/** One run; null when there is none of that id. */
export async function viewRun(sql: Sql, id: string): Promise<RunView | null> {
  const [row] = await sql<RunView[]>`select ${columns(sql)} from sync_run r where r.id = ${id}`
  return row ?? null
}

/** The run that is under way (one that holds a lock before one that waits), else the newest one. */
export async function viewCurrentRun(sql: Sql): Promise<RunView | null> {
  const [row] = await sql<RunView[]>`
    select ${columns(sql)} from sync_run r
    order by r.status in ('pending', 'running') desc, r.status in ('paused', 'waiting') desc, r.created_at desc, r.id desc
    limit 1`
  return row ?? null
}

export interface RunPage {
  status?: string | undefined
  job?: string | undefined
  /** The last run of the page before. */
  after?: { createdAt: string; id: string } | undefined
  limit: number
}

/** A numbered page of runs, newest first, and how many there are in all. */
export async function pageRuns(
  sql: Sql,
  filter: { states?: readonly string[] | undefined; job?: string | undefined; page: number; size: number },
): Promise<{ views: RunView[]; total: number }> {
  const { states = null, job = null, page, size } = filter
  const chosen = sql`(${states === null} or r.status = any(${(states ?? []) as string[]})) and (${job}::text is null or r.job = ${job})`
  const views = await sql<RunView[]>`
    select ${columns(sql)} from sync_run r where ${chosen}
    order by r.created_at desc, r.id desc limit ${size} offset ${(page - 1) * size}`
  const [row] = await sql<{ total: number }[]>`select count(*)::int as total from sync_run r where ${chosen}`
  return { views, total: row?.total ?? 0 }
}

/** A page of runs, newest first; runs that were made in the same instant are told apart by their id. */
export async function viewRuns(sql: Sql, page: RunPage): Promise<RunView[]> {
  const { status = null, job = null, after, limit } = page
  return await sql<RunView[]>`
    select ${columns(sql)} from sync_run r
    where (${status}::text is null or r.status = ${status}) and (${job}::text is null or r.job = ${job})
      and (${after?.id ?? null}::uuid is null or (r.created_at, r.id) < (${after?.createdAt ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    order by r.created_at desc, r.id desc limit ${limit}`
}

/**
 * Cells a second of the last batches, from the start of the first to the end of the last. Batches that were begun before a
 * pause, or before the server was started, are not in it: nothing was done in between. Null until something was settled.
 */
export async function recentRate(sql: Sql, runId: string): Promise<number | null> {
  const [row] = await sql<{ rate: number | null }[]>`
    with recent as (
      select b.cells_done, b.started_at, coalesce(b.finished_at, clock_timestamp()) as until
      from sync_batch b join sync_run r on r.id = b.run_id
      where b.run_id = ${runId} and b.started_at >= greatest(r.resumed_at, pg_postmaster_start_time())
        and b.cells_total > 0 and b.state <> 'pending'
      order by b.finished_at desc nulls first limit 24
    )
    select (sum(cells_done) / nullif(extract(epoch from max(until) - min(started_at)), 0))::float8 as rate from recent`
  return row?.rate ?? null
}

export interface BatchView {
  seq: number
  stage: number
  dataset: string
  state: string
  source: string | null
  calls_planned: number
  cursor: number
  calls: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
  cells_total: number
  cells_done: number
  symbols: number | null
  from_date: string | null
  to_date: string | null
  parent_seq: number | null
  error_class: string | null
  message: string | null
  started_at: string | null
  finished_at: string | null
}

/** A page of a run's batches in the order of the plan, newest data first. */
export async function viewBatches(
  sql: Sql,
  page: {
    runId: string
    state?: string | undefined
    dataset?: string | undefined
    after: number
    limit: number
  },
): Promise<BatchView[]> {
  const { state = null, dataset = null } = page
  return await sql<BatchView[]>`
    select seq, stage, dataset, state, claimed_by as source, calls_planned, cursor, calls, inserted, updated, unchanged,
      rejected, cells_total, cells_done, cardinality(instruments) as symbols,
      coalesce(region ->> 'from', region -> 'dates' ->> -1) as from_date, coalesce(region ->> 'to', region -> 'dates' ->> 0) as to_date,
      parent_seq, error_class, message, started_at, finished_at
    from sync_batch where run_id = ${page.runId} and seq > ${page.after}
      and (${state}::text is null or state = ${state}) and (${dataset}::text is null or dataset = ${dataset})
    order by seq limit ${page.limit}`
}

/** Milliseconds since the run's row was written last, by the database's clock. */
export async function runAge(sql: Sql, runId: string): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select (extract(epoch from clock_timestamp() - updated_at) * 1000)::float8 as ms from sync_run where id = ${runId}`
  return row?.ms ?? 0
}
