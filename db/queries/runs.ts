import { eq, inArray } from 'drizzle-orm'
import type { Database, Sql, Tx } from '../client.ts'
import { isUniqueViolation, withoutParameters } from '../errors.ts'
import { syncRun } from '../schema/sync.ts'

export type RunRow = typeof syncRun.$inferSelect

/** Counters of a run; `errors` are its open failures. */
export interface RunTotalsRow {
  total: number
  done: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
  calls: number
  cellsTotal: number
  cellsDone: number
  errors: number
}

export interface NewRun {
  id: string
  job: string
  params: object
  lockKey: string
  workflowId: string
  requestId: string | null
}

/** Inserts a pending run; null when another active run holds the lock. The unique index decides, not a look before. */
export async function insertRun(db: Database, run: NewRun): Promise<RunRow | null> {
  try {
    const [row] = await db.orm
      .insert(syncRun)
      .values({ ...run, status: 'pending' })
      .returning()
    return row ?? null
  } catch (error) {
    if (isUniqueViolation(error, 'sync_run_lock')) return null
    throw withoutParameters(error)
  }
}

/** A run by its id; null when there is none. */
export async function getRun(db: Database, id: string): Promise<RunRow | null> {
  const [row] = await db.orm.select().from(syncRun).where(eq(syncRun.id, id))
  return row ?? null
}

/** The run that holds a lock now. */
export async function lockHolder(db: Database, lockKey: string): Promise<RunRow | null> {
  const rows = await db.orm
    .select()
    .from(syncRun)
    .where(inArray(syncRun.status, ['pending', 'running']))
  return rows.find((row) => row.lockKey === lockKey) ?? null
}

/** Runs that are not final: what the reconciler compares with Temporal. */
export async function openRuns(db: Database): Promise<RunRow[]> {
  return await db.orm
    .select()
    .from(syncRun)
    .where(inArray(syncRun.status, ['pending', 'running', 'paused', 'waiting']))
}

/**
 * Counters of a run, as its last commit left them.
 *
 * @throws Error when the run is gone
 */
export async function runTotals(sql: Sql | Tx, runId: string): Promise<RunTotalsRow> {
  const [row] = await sql<RunTotalsRow[]>`
    select total, symbols_done as done, inserted, updated, unchanged, rejected, calls, cells_total as "cellsTotal", cells_done as "cellsDone",
      (select count(*)::int from sync_failure f where f.run_id = r.id and f.resolved_at is null) as errors
    from sync_run r where id = ${runId}`
  if (!row) throw new Error(`run ${runId} is gone`)
  return row
}

/** What each source brought: the seeds' `source_stats`. */
export async function sourceStats(
  sql: Sql,
  runId: string,
): Promise<{ source: string; dataset: string; inserted: number; updated: number; unchanged: number }[]> {
  return await sql`
    select source, dataset, inserted::int, updated::int, unchanged::int from sync_run_source
    where run_id = ${runId} order by 1, 2`
}

/** Open failures of a run by source; those that were nobody's fault are with none. */
export async function sourceErrors(sql: Sql, runId: string): Promise<{ source: string; errors: number }[]> {
  return await sql`
    select source, count(*)::int as errors from sync_failure
    where run_id = ${runId} and resolved_at is null and source <> 'any' group by 1 order by 1`
}

/** True when the epoch is still the owner's; the row is locked until the transaction ends. */
export async function lockOwnedRun(tx: Tx, owner: { runId: string; epoch: number }): Promise<boolean> {
  const [row] = await tx<
    { owner_epoch: number }[]
  >`select owner_epoch from sync_run where id = ${owner.runId} for update`
  return row?.owner_epoch === owner.epoch
}

/**
 * Makes a run that has ended pending again under a new owner: batches that were not finished become pending. Commits of
 * the old owner that are under way end before this returns, later ones are refused.
 *
 * @returns the new epoch; null when the run is not final; `'locked'` when another run holds the lock
 */
export async function reopenRun(db: Database, runId: string): Promise<number | 'locked' | null> {
  try {
    return await db.sql.begin(async (tx) => {
      // Batches first, as in every commit: this waits for the ones in flight.
      await tx`
        update sync_batch set owner_epoch = owner_epoch + 1, state = 'pending', error_class = null, message = null
        where run_id = ${runId} and state in ('pending', 'running', 'failed')`
      const [row] = await tx<{ owner_epoch: number }[]>`
        update sync_run set owner_epoch = owner_epoch + 1, status = 'pending', finished_at = null, message = null, error_class = null,
          updated_at = now()
        where id = ${runId} and status in ('success', 'success_with_errors', 'failed', 'cancelled', 'terminated')
        returning owner_epoch`
      if (!row) throw new NotReopened()
      await tx`update sync_batch set owner_epoch = ${row.owner_epoch} where run_id = ${runId} and state = 'pending'`
      await recountSymbols(tx, runId)
      return row.owner_epoch
    })
  } catch (error) {
    if (error instanceof NotReopened) return null
    if (isUniqueViolation(error, 'sync_run_lock')) return 'locked'
    throw withoutParameters(error)
  }
}

class NotReopened extends Error {}

/**
 * A batch that failed had counted its symbols as done, and so had the last of their other batches. Now that it is pending
 * again they are counted anew, or its end would count them twice. What is done stands with the newest finished batch.
 */
async function recountSymbols(tx: Tx, runId: string): Promise<void> {
  await tx`
    with stages as (
      select stage, max(seq) filter (where state in ('done', 'failed', 'skipped', 'split')) as last,
        bool_or(instruments is null) filter (where state in ('pending', 'running')) as market_open,
        bool_or(instruments is null) filter (where state in ('done', 'failed', 'skipped')) as market_done
      from sync_batch where run_id = ${runId} group by stage having sum(symbols_done) > 0
    ), symbols as (
      select b.stage, i, bool_or(b.state in ('pending', 'running')) as open
      from sync_batch b join stages using (stage), unnest(b.instruments) i
      where b.run_id = ${runId} group by 1, 2
    ), counted as (
      select stage, last, case when last is null or market_open then 0
        when market_done then greatest(0, (select total from sync_run where id = ${runId}) - (select count(*) from symbols s where s.stage = t.stage and open))
        else (select count(*) from symbols s where s.stage = t.stage and not open) end as done
      from stages t
    ), written as (
      update sync_batch b set symbols_done = case when b.seq = c.last then c.done else 0 end
      from counted c where b.run_id = ${runId} and b.stage = c.stage
    )
    update sync_run set symbols_done = (select sum(done) from counted)
    where id = ${runId} and exists (select from counted)`
}
