import { endFromOutside } from '../../db/end-from-outside.ts'
import type { RunRow } from '../../db/queries/runs.ts'
import { describeParams } from '../../market/describe-params.ts'
import { isJob } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { ApiDeps } from '../deps.ts'
import { Problem } from '../problems.ts'
import { TemporalAway, TemporalRefused } from '../temporal/errors.ts'
import { WorkflowExecutionAlreadyStartedError, type WorkflowStart } from '../temporal/gateway.ts'

/**
 * Starts the workflow of a pending run. Started already for the same owner is as good; an execution of an older owner
 * that is still open is terminated first, since nothing that it does can be committed.
 *
 * @returns `waiting` when Temporal is away: the row stays pending and the reconciler starts it
 */
export async function launchRun(deps: ApiDeps, row: RunRow): Promise<'started' | 'waiting'> {
  try {
    await startOrReplace(deps, row)
    return 'started'
  } catch (error) {
    if (error instanceof TemporalAway) {
      deps.log.warn({ runId: row.id, reason: error.message }, 'Temporal is away: the run stays pending')
      return 'waiting'
    }
    if (!(error instanceof TemporalRefused)) throw error
    const message = `Temporal refused to start its workflow: ${deps.redact(error.message)}`
    await endFromOutside(deps.db, row, 'failed', message)
    throw new Problem('internal', message, { run_id: row.id })
  }
}

async function startOrReplace(deps: ApiDeps, row: RunRow): Promise<void> {
  const start = workflowStartOf(row)
  try {
    await deps.temporal.start(start)
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    const execution = await deps.temporal.describe(row.workflowId)
    if (execution.kind === 'open') {
      const older =
        execution.epoch === null
          ? execution.startedAt.getTime() < Date.parse(row.updatedAt) - 1_000
          : execution.epoch < row.ownerEpoch
      if (!older) return
      await deps.temporal.terminate(row.workflowId, execution.executionId, 'the run has a newer owner')
    }
    await deps.temporal.start(start)
  }
}

function workflowStartOf(row: RunRow): WorkflowStart {
  if (!isJob(row.job))
    throw new Problem('internal', `run ${row.id} is of a job that this version does not know`)
  return {
    workflowId: row.workflowId,
    input: { runId: row.id, epoch: row.ownerEpoch, job: row.job, requestId: row.requestId },
    summary: `${row.job} · ${describeParams(row.params as RunParams)}`,
    details: `Run \`${row.id}\` of **${row.job}**: ${describeParams(row.params as RunParams)}.`,
  }
}
