import { setTimeout as sleep } from 'node:timers/promises'
import { keepWaiting, noteWarned, stopWaiting } from '../db/lock-waiters.ts'
import { endFromOutside } from '../db/end-from-outside.ts'
import { logRun } from '../db/queries/logs.ts'
import { addNotice } from '../db/queries/notifications.ts'
import { getRun, insertRun, lockHolder, type RunRow } from '../db/queries/runs.ts'
import { successSince } from '../db/queries/schedules.ts'
import { runWorkflowId } from '../workflows/contract/ids.ts'
import type { EndedRun, OpenedStart, ScheduledStart } from '../workflows/contract/schedule.ts'
import { type FinalState, isFinal, type RunState } from '../workflows/contract/status.ts'
import { endIfDead } from './dead-holder.ts'
import type { ActivityDeps } from './deps.ts'
import { waiting } from './heartbeat.ts'
import { isWorthATry } from './worth-a-try.ts'

/*
 * A start by a schedule, in the database:
 *
 *   superseded      a run that began at the nominal time or later has brought it all
 *   lock free       the pending run is inserted, which takes the lock
 *   lock held       the start waits and says so (db/lock-waiters.ts), so that a backfill gives way; a dead holder is ended
 */

const POLL_MS = 1_000
// Temporal is asked about the holder this seldom: nearly always it lives.
const LOOKS_BETWEEN = 5

/** @returns once it has the lock, or another run has made it needless */
export async function openScheduledRun(deps: ActivityDeps, start: ScheduledStart): Promise<OpenedStart> {
  const lockKey = deps.settings.lock === 'job' ? start.job : 'global'
  return await waiting(deps, async (signal) => {
    for (let look = 0; ; look++) {
      signal.throwIfAborted()
      const opened = await openNow(deps, start, lockKey)
      if (opened) {
        // Only now: a look that breaks is followed by another one, and since when it waits counts.
        await stopWaiting(deps.db.sql, start.runId)
        return opened
      }
      const holder = await lockHolder(deps.db, lockKey)
      if (holder) {
        if (look % LOOKS_BETWEEN === 0 && (await endIfDead(deps, holder))) continue
        await stay(deps, start, holder)
      }
      await sleep(deps.settings.lockPollMs ?? POLL_MS, undefined, { signal })
    }
  })
}

/** Null while another run holds the lock. */
async function openNow(
  deps: ActivityDeps,
  start: ScheduledStart,
  lockKey: string,
): Promise<OpenedStart | null> {
  const { runId, job, params, nominalTime, requestId } = start
  const known = await getRun(deps.db, runId)
  if (known) return { kind: 'opened', epoch: known.ownerEpoch }
  const by = await successSince(deps.db.sql, job, params, nominalTime)
  if (by !== null) {
    const message = `${job} of ${nominalTime} is superseded: run ${by} began later and has brought it all`
    await logRun(deps.db.sql, { runId: null, level: 'info', message, details: { job, by, requestId } })
    return { kind: 'superseded', by }
  }
  const workflowId = runWorkflowId(runId)
  const row = await insertRun(deps.db, { id: runId, job, params, lockKey, workflowId, requestId })
  return row && { kind: 'opened', epoch: row.ownerEpoch }
}

async function stay(deps: ActivityDeps, start: ScheduledStart, holder: RunRow): Promise<void> {
  const { runId, job, requestId } = start
  const waiter = { runId, job, lockKey: holder.lockKey }
  if (!(await keepWaiting(deps.db.sql, waiter))) return
  const message = `${job} has been waiting for an hour: run ${holder.id} (${holder.job}) is ${holder.status}. Cancel that one if it should not go first.`
  deps.log.warn({ requestId, holder: holder.id }, message)
  await deps.db.sql.begin(async (tx) => {
    await noteWarned(tx, runId)
    await logRun(tx, { runId: null, level: 'warn', message, details: { job, holder: holder.id, requestId } })
    await addNotice(tx, {
      event: 'start_waits',
      title: `${job} waits for ${holder.job}`,
      text: message,
      details: { job, run_id: runId, holder: holder.id },
      dedup: `start_waits/${runId}`,
    })
  })
}

/** Waits for as long as it takes. A run whose workflow is gone is ended. */
export async function awaitRun(deps: ActivityDeps, { runId }: { runId: string }): Promise<EndedRun> {
  return await waiting(deps, async (signal) => {
    for (let look = 1; ; look++) {
      const row = await getRun(deps.db, runId)
      if (!row) throw new RangeError(`run ${runId} is gone`)
      if (isFinal(row.status as RunState)) {
        const { status, message } = row
        return { status: status as FinalState, message, isWorthATry: await isWorthATry(deps.db.sql, row) }
      }
      if (look % LOOKS_BETWEEN === 0) await endIfDead(deps, row)
      await sleep(deps.settings.lockPollMs ?? POLL_MS, undefined, { signal })
    }
  })
}

/** A start that was cancelled leaves no pending run behind. */
export async function abandonRun(deps: ActivityDeps, { runId }: { runId: string }): Promise<void> {
  await stopWaiting(deps.db.sql, runId)
  const row = await getRun(deps.db, runId)
  if (row?.status !== 'pending') return
  await endFromOutside(deps.db, row, 'cancelled', 'cancelled before it began; retry starts it')
}
