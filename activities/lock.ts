import { setTimeout as sleep } from 'node:timers/promises'
import { isUniqueViolation, withoutParameters } from '../db/errors.ts'
import { goesFirst, keepWaiting, stopWaiting } from '../db/lock-waiters.ts'
import { logRun } from '../db/queries/logs.ts'
import { getRun } from '../db/queries/runs.ts'
import { BACKFILLS } from '../market/jobs.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { ActivityDeps } from './deps.ts'
import { waiting } from './heartbeat.ts'

/** The run gives its lock back: another one may start. One that was paused before it was opened holds it as well. */
export async function suspendRun(
  deps: ActivityDeps,
  input: OwnedRun & { state: 'paused' | 'waiting'; message: string | null },
): Promise<void> {
  const { runId, epoch, state, message } = input
  const rows = await deps.db.sql`
    update sync_run set status = ${state}, message = ${message}, updated_at = now()
    where id = ${runId} and owner_epoch = ${epoch} and status in ('pending', 'running', 'waiting')`
  if (rows.count === 0) return
  const line = state === 'waiting' && message !== null ? `${state}: ${message}` : state
  await logRun(deps.db.sql, { runId, level: 'info', message: line })
}

const LOCK_POLL_MS = 1_000

/** Takes the lock again; while another run holds it, or goes first, waits. */
export async function resumeRun(deps: ActivityDeps, owner: OwnedRun): Promise<void> {
  const { sql } = deps.db
  await waiting(deps, async (signal) => {
    try {
      while (!(await takeLock(deps, owner))) {
        const row = await getRun(deps.db, owner.runId)
        if (row) await keepWaiting(sql, { runId: row.id, lockKey: row.lockKey, job: row.job })
        await sleep(deps.settings.lockPollMs ?? LOCK_POLL_MS, undefined, { signal })
      }
    } finally {
      if (!deps.stopping?.aborted) await stopWaiting(sql, owner.runId)
    }
  })
}

async function takeLock(deps: ActivityDeps, owner: OwnedRun): Promise<boolean> {
  const { sql } = deps.db
  const { runId, epoch } = owner
  const first = await goesFirst(sql, runId, BACKFILLS)
  if (first !== null) return await waits(deps, owner, `gives way to ${first}`)
  try {
    const rows = await sql`
      update sync_run set status = 'running', message = null, started_at = coalesce(started_at, now()), resumed_at = now(), updated_at = now()
      where id = ${runId} and owner_epoch = ${epoch} and status in ('paused', 'waiting')`
    if (rows.count > 0) await logRun(sql, { runId, level: 'info', message: 'resumed' })
    // Nothing to update: another attempt took it, or the run has a newer owner, which the next commit will notice.
    return true
  } catch (error) {
    if (!isUniqueViolation(error, 'sync_run_lock')) throw withoutParameters(error)
    return await waits(deps, owner, 'waits for the run that holds the lock')
  }
}

/** Shows that it wants to go on. One that is called running has not given its lock back yet, and does so now. */
async function waits({ db }: ActivityDeps, { runId, epoch }: OwnedRun, message: string): Promise<false> {
  await db.sql`update sync_run set status = 'waiting', message = ${message}
    where id = ${runId} and owner_epoch = ${epoch} and status in ('paused', 'running')`
  return false
}
