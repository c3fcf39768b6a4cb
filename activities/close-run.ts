import { logRun } from '../db/queries/logs.ts'
import { runTotals } from '../db/queries/runs.ts'
import { tellEnd } from '../db/tell-end.ts'
import { counted } from '../market/counted.ts'
import { DATASET_NAMES, DATASETS } from '../market/datasets.ts'
import { isJob, JOBS, scopeOf } from '../market/jobs.ts'
import { LASTING_ERRORS } from '../market/source-errors.ts'
import type { ClosedRun, CloseInput } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { deriveLeftShortly } from './derive-left.ts'
import { leftoverLines } from './leftovers.ts'
import { conclusion, type EndFacts } from './run-conclusion.ts'

const LISTS = DATASET_NAMES.filter((dataset) => DATASETS[dataset].cell === 'static')

/** Whether there can be nothing to do. A job of lists brings them, and a check has checked. */
const bringsCells = (job: string): boolean =>
  isJob(job) &&
  scopeOf(job) !== 'audit' &&
  JOBS[job].stages.flat().some((dataset) => !LISTS.includes(dataset))

/** Writes the end of a run: what it came to, and one line that says so. Asked again it changes nothing. */
export async function closeRun(deps: ActivityDeps, input: CloseInput): Promise<ClosedRun> {
  const { sql } = deps.db
  await deriveLeftShortly(deps, input.runId)
  const totals = await runTotals(sql, input.runId)
  const [facts] = await sql<(EndFacts & { job: string })[]>`
    select (select count(*)::int from sync_batch b where b.run_id = r.id and state = 'failed') as failed_batches,
      (select count(*)::int from sync_batch b where b.run_id = r.id and state = 'done') as done_batches,
      (select message from sync_batch b where b.run_id = r.id and state = 'failed' order by finished_at desc limit 1) as problem,
      (select error_class from sync_batch b where b.run_id = r.id and state = 'failed'
        order by error_class = any(${LASTING_ERRORS as string[]}), finished_at desc limit 1) as error_class,
      not exists (select from sync_batch b where b.run_id = r.id and b.dataset <> all(${LISTS})) as idle,
      job, verification from sync_run r where id = ${input.runId}`
  if (!facts) throw new RangeError(`run ${input.runId} is gone`)
  const { job } = facts
  const idle = facts.idle && bringsCells(job)
  const { status, message, errorClass } = conclusion(input, { ...facts, idle }, totals.errors)
  const notes = await leftoverLines(sql, input.runId)
  await sql.begin(async (tx) => {
    const closed = await tx`
      update sync_run set status = ${status}, message = ${message}, error_class = ${errorClass},
        finished_at = now(), updated_at = now()
      where id = ${input.runId} and owner_epoch = ${input.epoch} and status in ('pending', 'running', 'paused', 'waiting')`
    if (closed.count === 0) return
    for (const note of notes) await logRun(tx, { runId: input.runId, level: 'warn', message: note })
    const calls = counted(totals.calls, 'call')
    const counts = `${totals.inserted} inserted, ${totals.updated} updated, ${totals.unchanged} unchanged, ${calls}`
    await tellEnd(tx, {
      ...{ runId: input.runId, epoch: input.epoch, job, status, errorClass },
      line: `${counts}${message === null ? '' : `. ${message}`}`,
      text: `${message ?? ''}\n${counts}`.trim(),
    })
  })
  return { status, totals, message, ...(notes.length > 0 ? { notes } : {}) }
}
