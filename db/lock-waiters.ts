import type { Sql, Tx } from './client.ts'

/*
 * Who waits for a lock. A waiter puts its row off each time that it looks; one that died is forgotten after a few seconds.
 * Whoever holds the lock learns from it that others want to go first (see isBackfill in market/jobs.ts).
 */

// Several looks of a waiter, so that a slow one is not taken for dead.
export const COUNTS_FOR = '15 seconds'
// A person should know that a run waits for this long, and for whom.
const LONG_WAIT = '1 hour'

export interface Waiter {
  runId: string
  lockKey: string
  job: string
}

/**
 * Says that the run waits, still or from now on.
 *
 * @returns true once it has been waiting for an hour, until `noteWarned`
 */
export async function keepWaiting(sql: Sql, { runId, lockKey, job }: Waiter): Promise<boolean> {
  const [row] = await sql<{ long: boolean }[]>`
    insert into lock_waiter as w (run_id, lock_key, job, until)
    values (${runId}, ${lockKey}, ${job}, clock_timestamp() + ${COUNTS_FOR}::interval)
    on conflict (run_id) do update set until = excluded.until
    returning warned_at is null and since < clock_timestamp() - ${LONG_WAIT}::interval as long`
  return row?.long ?? false
}

/** People have been told that it waits for so long. Part of the transaction that tells them. */
export async function noteWarned(tx: Tx, runId: string): Promise<void> {
  await tx`update lock_waiter set warned_at = now() where run_id = ${runId}`
}

/** The run waits no more. Clears away those who died waiting. */
export async function stopWaiting(sql: Sql, runId: string): Promise<void> {
  await sql`delete from lock_waiter where run_id = ${runId} or until < now() - interval '1 day'`
}

/**
 * The job that a run has to let go first; null when there is none.
 *
 * @param backfills the jobs that give way to all others
 */
export async function goesFirst(
  sql: Sql,
  runId: string,
  backfills: readonly string[],
): Promise<string | null> {
  const [row] = await sql<{ job: string }[]>`
    select w.job from sync_run r join lock_waiter w on w.lock_key = r.lock_key and w.run_id <> r.id
    where r.id = ${runId} and r.job = any(${backfills as string[]}) and not w.job = any(${backfills as string[]})
      and w.until > clock_timestamp()
    order by w.since limit 1`
  return row?.job ?? null
}
