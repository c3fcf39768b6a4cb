import { endFromOutside } from '../../db/end-from-outside.ts'
import { logRun } from '../../db/queries/logs.ts'
import { getRun, lockHolder, reopenRun, type RunRow } from '../../db/queries/runs.ts'
import { IMPORT_JOB } from '../../market/jobs.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import type { ApiDeps } from '../deps.ts'
import { noSuchRun, Problem } from '../problems.ts'
import { WorkflowNotFoundError } from '../temporal/gateway.ts'
import { activeRun } from './active-run.ts'
import { launchRun } from './launch.ts'
import { reconcileRun } from './reconcile.ts'

type Steering = 'pause' | 'resume' | 'cancel'

/** The request that steers a run, and who made it: both stand in the log of the run. */
export interface Asker {
  requestId: string
  by: string | undefined
}

const detailsOf = (asker: Asker | undefined): { details?: object } =>
  asker === undefined ? {} : { details: { request_id: asker.requestId, by: asker.by } }

/** Asks a run to pause; it takes effect after the commit at hand, within 5 s. */
export const pauseRun = (deps: ApiDeps, id: string, asker?: Asker): Promise<void> =>
  steer(deps, id, 'pause', asker)

/** Asks a paused run to go on. */
export const resumeRun = (deps: ApiDeps, id: string, asker?: Asker): Promise<void> =>
  steer(deps, id, 'resume', asker)

/** Asks a run to end cleanly; what was committed stays. */
export const cancelRun = (deps: ApiDeps, id: string, asker?: Asker): Promise<void> =>
  steer(deps, id, 'cancel', asker)

async function steer(deps: ApiDeps, id: string, action: Steering, asker?: Asker): Promise<void> {
  const row = await openRunOf(deps, id)
  if (row.job === IMPORT_JOB) return await steerImport(deps, row, action)
  try {
    await deps.temporal.steer(action, row)
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error
    await steerWithoutWorkflow(deps, row, action)
  }
  await logRun(deps.db.sql, {
    ...{ runId: id, level: 'info', message: `${action} requested` },
    ...detailsOf(asker),
  })
}

/** An import is a process of its own: once its run has ended, its next commit is refused, and it stops. */
async function steerImport(deps: ApiDeps, row: RunRow, action: Steering): Promise<void> {
  if (action !== 'cancel')
    throw new Problem(
      'run_gone',
      `run ${row.id} is an import, which cannot ${action}: cancel it, and start it again later`,
      {
        run_id: row.id,
      },
    )
  await endFromOutside(
    deps.db,
    row,
    'cancelled',
    'cancelled by request; start the same import again to go on',
  )
}

async function openRunOf(deps: ApiDeps, id: string): Promise<RunRow> {
  const row = await getRun(deps.db, id)
  if (!row) throw noSuchRun(id)
  if (isFinal(row.status as RunState)) {
    throw new Problem('run_final', `run ${id} is ${row.status}: POST /api/runs/${id}/retry starts it again`, {
      run_id: id,
    })
  }
  return row
}

/** Temporal has no open execution: the run has not begun, or it has ended without our knowledge. */
async function steerWithoutWorkflow(deps: ApiDeps, row: RunRow, action: Steering): Promise<void> {
  if (row.status === 'pending' && action === 'cancel') {
    // Fences the workflow as well, should it be started in this moment.
    const message = 'cancelled before it began; retry starts it'
    if (await endFromOutside(deps.db, row, 'cancelled', message)) return
  }
  const outcome = await reconcileRun(deps, row)
  if (outcome === 'started') return await deps.temporal.steer(action, row)
  const now = await getRun(deps.db, row.id)
  if (!now) throw noSuchRun(row.id)
  const what =
    outcome === 'ended'
      ? `Temporal no longer had its workflow, so it is ${now.status} now: POST /api/runs/${row.id}/retry goes on where it stopped`
      : `its workflow is not there at the moment (the run is ${now.status}): try again in 5 s`
  throw new Problem('run_gone', `run ${row.id} cannot ${action}: ${what}`, { run_id: row.id })
}

/** Starts a run that has ended once more: only what is not done. */
export async function retryRun(deps: ApiDeps, id: string, asker?: Asker): Promise<void> {
  const epoch = await reopen(deps, id)
  const row = await getRun(deps.db, id)
  // Another owner has it already: it is not ours to start.
  if (!row || row.ownerEpoch !== epoch) return
  await logRun(deps.db.sql, {
    ...{ runId: id, level: 'info', message: 'retry requested' },
    ...detailsOf(asker),
  })
  await launchRun(deps, row)
}

async function reopen(deps: ApiDeps, id: string): Promise<number> {
  for (let turn = 1; ; turn++) {
    const row = await getRun(deps.db, id)
    if (!row) throw noSuchRun(id)
    if (row.job === IMPORT_JOB)
      throw new Problem(
        'invalid_request',
        `run ${id} is an import: start it again with npm run import and the same file`,
      )
    const epoch = await reopenRun(deps.db, id)
    if (typeof epoch === 'number') return epoch
    if (epoch === null) {
      throw new Problem(
        'run_not_final',
        `run ${id} is ${row.status}: only a run that has ended can be retried`,
        { run_id: id },
      )
    }
    const holder = await lockHolder(deps.db, row.lockKey)
    if (holder && (await reconcileRun(deps, holder)) !== 'ended') throw activeRun(holder)
    if (turn >= 3) throw new Problem('run_active', 'other runs take the lock again and again: try again')
  }
}
