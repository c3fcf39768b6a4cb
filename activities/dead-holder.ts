import { Context } from '@temporalio/activity'
import { WorkflowNotFoundError } from '@temporalio/client'
import { endFromOutside } from '../db/end-from-outside.ts'
import { endDeadImport } from '../db/import/alive.ts'
import { runAge } from '../db/queries/run-views.ts'
import type { RunRow } from '../db/queries/runs.ts'
import { IMPORT_JOB } from '../market/jobs.ts'
import { type Execution, executionOf } from '../workflows/contract/execution.ts'
import { judge } from '../workflows/contract/judge.ts'
import type { RunState } from '../workflows/contract/status.ts'
import type { ActivityDeps } from './deps.ts'

/**
 * Ends a run whose workflow was ended from outside, or that Temporal has forgotten. All else is left to the reconciler,
 * which does the same when an API is there.
 *
 * @returns true when it is ended now; false as well where Temporal does not answer, and nothing is known
 */
export async function endIfDead(deps: ActivityDeps, row: RunRow): Promise<boolean> {
  if (row.job === IMPORT_JOB) return await endDeadImport(deps.db, row)
  const ageMs = await runAge(deps.db.sql, row.id)
  const execution = await executionNow(row.workflowId)
  if (execution === null) return false
  const facts = {
    status: row.status as RunState,
    epoch: row.ownerEpoch,
    updatedAt: new Date(row.updatedAt),
    ageMs,
  }
  const judgement = judge(facts, execution)
  if (judgement.kind !== 'end') return false
  return await endFromOutside(deps.db, row, judgement.status, judgement.message)
}

async function executionNow(workflowId: string): Promise<Execution | null> {
  try {
    return executionOf(await Context.current().client.workflow.getHandle(workflowId).describe())
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? { kind: 'none' } : null
  }
}
