import { logRun } from '../db/queries/logs.ts'
import { runTotals } from '../db/queries/runs.ts'
import { tellEnd } from '../db/tell-end.ts'
import { LASTING_ERRORS, type SourceErrorClass } from '../market/source-errors.ts'
import type { ClosedRun, CloseInput, Verification } from '../workflows/contract/messages.ts'
import type { FinalState } from '../workflows/contract/status.ts'
import type { ActivityDeps } from './deps.ts'
import { deriveLeftShortly } from './derive-left.ts'
import { leftoverLines } from './leftovers.ts'

interface EndFacts {
  job: string
  failed_batches: number
  done_batches: number
  problem: string | null
  /** Of a batch that failed; one that does not last comes first, since a new run may get past it. */
  error_class: SourceErrorClass | null
  verification: Verification | null
}

/** Writes the end of a run: what it came to, and one line that says so. Asked again it changes nothing. */
export async function closeRun(deps: ActivityDeps, input: CloseInput): Promise<ClosedRun> {
  const { sql } = deps.db
  await deriveLeftShortly(deps, input.runId)
  const totals = await runTotals(sql, input.runId)
  const [facts] = await sql<EndFacts[]>`
    select (select count(*)::int from sync_batch b where b.run_id = r.id and state = 'failed') as failed_batches,
      (select count(*)::int from sync_batch b where b.run_id = r.id and state = 'done') as done_batches,
      (select message from sync_batch b where b.run_id = r.id and state = 'failed' order by finished_at desc limit 1) as problem,
      (select error_class from sync_batch b where b.run_id = r.id and state = 'failed'
        order by error_class = any(${LASTING_ERRORS as string[]}), finished_at desc limit 1) as error_class,
      job, verification from sync_run r where id = ${input.runId}`
  if (!facts) throw new RangeError(`run ${input.runId} is gone`)
  const { job } = facts
  const { status, message, errorClass } = conclusion(input, facts, totals.errors)
  const notes = await leftoverLines(sql, input.runId)
  await sql.begin(async (tx) => {
    const closed = await tx`
      update sync_run set status = ${status}, message = ${message}, error_class = ${errorClass},
        finished_at = now(), updated_at = now()
      where id = ${input.runId} and owner_epoch = ${input.epoch} and status in ('pending', 'running', 'paused', 'waiting')`
    if (closed.count === 0) return
    for (const note of notes) await logRun(tx, { runId: input.runId, level: 'warn', message: note })
    const counts = `${totals.inserted} inserted, ${totals.updated} updated, ${totals.unchanged} unchanged, ${totals.calls} calls`
    await tellEnd(tx, {
      ...{ runId: input.runId, epoch: input.epoch, job, status, errorClass },
      line: `${counts}${message === null ? '' : `. ${message}`}`,
      text: `${message ?? ''}\n${counts}`.trim(),
    })
  })
  return { status, totals, message, ...(notes.length > 0 ? { notes } : {}) }
}

function conclusion(
  input: CloseInput,
  facts: EndFacts,
  openFailures: number,
): { status: FinalState; message: string | null; errorClass: SourceErrorClass | null } {
  if (input.outcome === 'cancelled') {
    const message = 'cancelled by request; retry goes on where it stopped'
    return { status: 'cancelled', message, errorClass: null }
  }
  if (input.outcome === 'failed')
    return { status: 'failed', message: input.message, errorClass: input.errorClass ?? null }
  const problems = [
    facts.failed_batches > 0 ? `${facts.failed_batches} batches failed: ${facts.problem ?? ''}` : null,
    openFailures > 0 ? `${openFailures} open failures` : null,
    (facts.verification?.incomplete ?? 0) > 0
      ? `${facts.verification?.incomplete ?? 0} sessions are incomplete`
      : null,
  ].filter((problem) => problem !== null)
  if (problems.length === 0) return { status: 'success', message: null, errorClass: null }
  const nothing = facts.failed_batches > 0 && facts.done_batches === 0
  return {
    status: nothing ? 'failed' : 'success_with_errors',
    message: `${problems.join('; ')}. Retry the run to fetch what is missing.`,
    errorClass: nothing ? facts.error_class : null,
  }
}
