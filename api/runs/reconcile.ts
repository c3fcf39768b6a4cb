import { endFromOutside } from '../../db/end-from-outside.ts'
import { endDeadImport } from '../../db/import/alive.ts'
import { runAge } from '../../db/queries/run-views.ts'
import type { RunRow } from '../../db/queries/runs.ts'
import { IMPORT_JOB } from '../../market/jobs.ts'
import type { Ending } from '../../workflows/contract/execution.ts'
import { judge, type Judgement } from '../../workflows/contract/judge.ts'
import type { ClosedRun } from '../../workflows/contract/messages.ts'
import { type FinalState, RUN_STATES, type RunState } from '../../workflows/contract/status.ts'
import type { ApiDeps } from '../deps.ts'
import { launchRun } from './launch.ts'

export type Reconciled = 'unchanged' | 'started' | 'ended'

/**
 * Brings one open run in line with Temporal. The row must have been read before: every change is bound to the epoch that
 * it names, so a run that is reopened meanwhile is left alone.
 */
export async function reconcileRun(deps: ApiDeps, row: RunRow): Promise<Reconciled> {
  if (row.job === IMPORT_JOB) return (await endDeadImport(deps.db, row)) ? 'ended' : 'unchanged'
  const ageMs = await runAge(deps.db.sql, row.id)
  const execution = await deps.temporal.describe(row.workflowId)
  const facts = {
    status: row.status as RunState,
    epoch: row.ownerEpoch,
    updatedAt: new Date(row.updatedAt),
    ageMs,
  }
  return await carryOut(deps, row, judge(facts, execution))
}

async function carryOut(deps: ApiDeps, row: RunRow, judgement: Judgement): Promise<Reconciled> {
  switch (judgement.kind) {
    case 'leave':
      return 'unchanged'
    case 'start':
      return (await launchRun(deps, row)) === 'started' ? 'started' : 'unchanged'
    case 'end':
      return await finish(deps, row, judgement.status, judgement.message)
    case 'ask': {
      const end = await deps.temporal.endOf(row.workflowId, judgement.executionId)
      const { status, message } = conclusionOf(judgement.ending, end)
      return await finish(deps, row, status, deps.redact(message))
    }
  }
}

function conclusionOf(
  ending: Ending,
  end: { result: unknown } | { failure: string },
): { status: FinalState; message: string } {
  if (ending === 'cancelled') return { status: 'cancelled', message: 'its workflow was cancelled' }
  if ('failure' in end) return { status: 'failed', message: `its workflow failed: ${end.failure}` }
  const { status, message } = end.result as Partial<ClosedRun>
  const known = status !== undefined && Object.hasOwn(RUN_STATES, status) && RUN_STATES[status].final
  return known
    ? { status, message: message ?? 'its workflow had ended' }
    : { status: 'failed', message: 'its workflow had ended without a result' }
}

async function finish(deps: ApiDeps, row: RunRow, status: FinalState, message: string): Promise<Reconciled> {
  if (!(await endFromOutside(deps.db, row, status, message))) return 'unchanged'
  deps.log.warn({ runId: row.id, status, message }, 'a run was ended from outside')
  return 'ended'
}
