import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRun, insertRun, lockHolder, type RunRow } from '../../db/queries/runs.ts'
import { logRun } from '../../db/queries/logs.ts'
import { comparesSources, type Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { runWorkflowId } from '../../workflows/contract/ids.ts'
import { RUN_STATES, type RunState } from '../../workflows/contract/status.ts'
import type { ApiDeps } from '../deps.ts'
import { Problem } from '../problems.ts'
import { FORCE_LIMIT_SECONDS } from '../schemas/run.ts'
import { activeRun } from './active-run.ts'
import { launchRun } from './launch.ts'
import { reconcileRun } from './reconcile.ts'
import { cancelRun } from './steer.ts'

export interface RunRequest {
  job: Job
  params: RunParams
  /** Cancels the run that holds the lock and waits for its end. */
  force: boolean
  requestId: string
}

export interface StartedRun {
  row: RunRow
  /** False while Temporal is away: the run is pending and starts when it is back. */
  started: boolean
}

// A cancelled run commits the answer at hand and closes: seconds, unless no worker is there to do it.
const FORCE_LIMIT_MS = FORCE_LIMIT_SECONDS * 1_000
// Each turn means that a holder was found dead or ended between two looks at it; more is a fight that nobody wins.
const MAX_TURNS = 5

/** Starts a run, or refuses naming the run that holds the lock after making sure that it lives. */
export async function startRun(deps: ApiDeps, request: RunRequest): Promise<StartedRun> {
  await requireSources(deps, request.job)
  const lockKey = deps.settings.lock === 'global' ? 'global' : request.job
  let mayForce = request.force
  for (let turn = 1; ; turn++) {
    const row = await insertPending(deps, request, lockKey)
    if (row) return { row, started: (await launchRun(deps, row)) === 'started' }
    const holder = await lockHolder(deps.db, lockKey)
    if (!holder) {
      if (turn < MAX_TURNS) continue
      throw new Problem('run_active', 'other runs take the lock again and again: try again in a moment')
    }
    if ((await reconcileRun(deps, holder)) === 'ended' && turn < MAX_TURNS) continue
    if (!mayForce) throw activeRun(holder)
    // Once only: two forced starts at a time must not cancel each other for ever.
    mayForce = false
    await replaceHolder(deps, holder, request.requestId)
  }
}

/** A comparison of one source with itself would end with nothing; anything else waits for its sources. */
export async function requireSources(deps: Pick<ApiDeps, 'sources'>, job: Job): Promise<void> {
  if (!comparesSources(job)) return
  const { on } = await deps.sources()
  const bars = [...on.values()].filter(({ capabilities }) => capabilities.bars)
  if (bars.length < 2)
    throw new Problem(
      'invalid_request',
      `${job} needs two sources with daily bars, and ${[...on.keys()].join(', ') || 'none'} is switched on: enable another one`,
    )
}

async function insertPending(deps: ApiDeps, request: RunRequest, lockKey: string): Promise<RunRow | null> {
  const id = randomUUID()
  const { job, params, requestId } = request
  return await insertRun(deps.db, { id, job, params, lockKey, workflowId: runWorkflowId(id), requestId })
}

/** Cancels the holder and waits until it has given the lock back. */
async function replaceHolder(deps: ApiDeps, holder: RunRow, requestId: string): Promise<void> {
  await logRun(deps.db.sql, {
    runId: holder.id,
    level: 'warn',
    message: `cancelled by a forced start (request ${requestId})`,
  })
  await cancelRun(deps, holder.id, { requestId, by: undefined }).catch((error: unknown) => {
    // It ended by itself in between, which is what was wanted.
    if (!(error instanceof Problem && (error.code === 'run_final' || error.code === 'run_gone'))) throw error
  })
  const deadline = performance.now() + FORCE_LIMIT_MS
  for (;;) {
    const row = await getRun(deps.db, holder.id)
    if (!row || !RUN_STATES[row.status as RunState].active) return
    if (performance.now() > deadline) {
      throw new Problem(
        'run_active',
        `run ${holder.id} was cancelled but has not ended within ${FORCE_LIMIT_SECONDS} s: GET /readyz says whether a worker is there`,
        { run_id: holder.id },
      )
    }
    await sleep(100)
  }
}
