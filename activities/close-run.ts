import { setTimeout as sleep } from 'node:timers/promises'
import { isUniqueViolation, withoutParameters } from '../db/errors.ts'
import { logRun } from '../db/queries/logs.ts'
import { runTotals } from '../db/queries/runs.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { ClosedRun, CloseInput, Verification } from '../workflows/contract/messages.ts'
import type { FinalState } from '../workflows/contract/status.ts'
import type { ActivityDeps } from './deps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { leftoverLines } from './leftovers.ts'

interface EndFacts {
  failed_batches: number
  done_batches: number
  problem: string | null
  verification: Verification | null
}

/** Writes the end of a run: what it came to, and one line that says so. Asked again it changes nothing. */
export async function closeRun(deps: ActivityDeps, input: CloseInput): Promise<ClosedRun> {
  const { sql } = deps.db
  const totals = await runTotals(sql, input.runId)
  const [facts] = await sql<EndFacts[]>`
    select (select count(*)::int from sync_batch b where b.run_id = r.id and state = 'failed') as failed_batches,
      (select count(*)::int from sync_batch b where b.run_id = r.id and state = 'done') as done_batches,
      (select message from sync_batch b where b.run_id = r.id and state = 'failed' order by finished_at desc limit 1) as problem,
      verification from sync_run r where id = ${input.runId}`
  if (!facts) throw new RangeError(`run ${input.runId} is gone`)
  const { status, message } = conclusion(input, facts, totals.errors)
  const notes = await leftoverLines(sql, input.runId)
  await sql.begin(async (tx) => {
    const closed = await tx`
      update sync_run set status = ${status}, message = ${message}, finished_at = now(), updated_at = now()
      where id = ${input.runId} and owner_epoch = ${input.epoch} and status in ('pending', 'running', 'paused', 'waiting')`
    if (closed.count === 0) return
    for (const note of notes) await logRun(tx, { runId: input.runId, level: 'warn', message: note })
    const counts = `${totals.inserted} inserted, ${totals.updated} updated, ${totals.unchanged} unchanged, ${totals.calls} calls`
    const level =
      status === 'success' || status === 'cancelled' ? 'info' : status === 'failed' ? 'error' : 'warn'
    await logRun(tx, {
      runId: input.runId,
      level,
      message: `${status}: ${counts}${message === null ? '' : `. ${message}`}`,
    })
  })
  return { status, totals, message, ...(notes.length > 0 ? { notes } : {}) }
}

function conclusion(
  input: CloseInput,
  facts: EndFacts,
  openFailures: number,
): { status: FinalState; message: string | null } {
  if (input.outcome === 'cancelled')
    return { status: 'cancelled', message: 'cancelled by request; retry goes on where it stopped' }
  if (input.outcome === 'failed') return { status: 'failed', message: input.message }
  const problems = [
    facts.failed_batches > 0 ? `${facts.failed_batches} batches failed: ${facts.problem ?? ''}` : null,
    openFailures > 0 ? `${openFailures} open failures` : null,
    (facts.verification?.incomplete ?? 0) > 0
      ? `${facts.verification?.incomplete ?? 0} sessions are incomplete`
      : null,
  ].filter((problem) => problem !== null)
  if (problems.length === 0) return { status: 'success', message: null }
  const nothing = facts.failed_batches > 0 && facts.done_batches === 0
  return {
    status: nothing ? 'failed' : 'success_with_errors',
    message: `${problems.join('; ')}. Retry the run to fetch what is missing.`,
  }
}

/** The run gives its lock back: another one may start. */
export async function suspendRun(
  deps: ActivityDeps,
  input: OwnedRun & { state: 'paused' | 'waiting'; message: string | null },
): Promise<void> {
  const rows = await deps.db.sql`
    update sync_run set status = ${input.state}, message = ${input.message}, updated_at = now()
    where id = ${input.runId} and owner_epoch = ${input.epoch} and status in ('running', 'waiting')`
  if (rows.count > 0) await logRun(deps.db.sql, { runId: input.runId, level: 'info', message: input.state })
}

const LOCK_POLL_MS = 1_000

/** Takes the lock again; while another run holds it, waits. */
export async function resumeRun(deps: ActivityDeps, owner: OwnedRun): Promise<void> {
  await withHeartbeat(async (signal) => {
    while (!(await takeLock(deps, owner))) await sleep(LOCK_POLL_MS, undefined, { signal })
  })
}

async function takeLock(deps: ActivityDeps, owner: OwnedRun): Promise<boolean> {
  try {
    const rows = await deps.db.sql`
      update sync_run set status = 'running', message = null, updated_at = now()
      where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status in ('paused', 'waiting')`
    if (rows.count > 0) await logRun(deps.db.sql, { runId: owner.runId, level: 'info', message: 'resumed' })
    // Nothing to update: another attempt took it, or the run has a newer owner, which the next commit will notice.
    return true
  } catch (error) {
    if (!isUniqueViolation(error, 'sync_run_lock')) throw withoutParameters(error)
    await deps.db
      .sql`update sync_run set status = 'waiting', message = 'waits for the run that holds the lock'
      where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status = 'paused'`
    return false
  }
}
