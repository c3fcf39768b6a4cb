import { ApplicationFailure } from '@temporalio/activity'
import { restingPlaces } from '../db/health.ts'
import { logRun } from '../db/queries/logs.ts'
import { runTotals } from '../db/queries/runs.ts'
import { comparesSources } from '../market/jobs.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { OpenedRun } from '../workflows/contract/messages.ts'
import { isFinal, type RunState } from '../workflows/contract/status.ts'
import type { ActivityDeps } from './deps.ts'
import { deriveLeftShortly } from './derive-left.ts'
import { rankedSources } from './ranking.ts'
import { loadRun } from './run-context.ts'

/** Takes the run over: it is running from now on, unless a newer owner has it. */
export async function openRun(deps: ActivityDeps, owner: OwnedRun): Promise<OpenedRun> {
  const { job, params, stages, row } = await loadRun(deps, owner.runId)
  const { sql } = deps.db
  // A workflow that was reset in Temporal, or that a retry has replaced.
  if (row.ownerEpoch !== owner.epoch || isFinal(row.status as RunState))
    throw ApplicationFailure.nonRetryable(
      `run ${owner.runId} is ${row.status} and not this workflow's: POST /api/runs/${owner.runId}/retry starts a run again`,
      'Fenced',
    )
  const opened = await sql`
    update sync_run set status = 'running', phase = null, started_at = coalesce(started_at, now()), resumed_at = now(), updated_at = now()
    where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status = 'pending'`
  const set = await deps.sources.current()
  const ranked = await rankedSources(deps, set, params.preferred_sources ?? [], 'whatever rests')
  const sources = ranked.map(({ source }) => source)
  // Of a run that was killed and never closed.
  await deriveLeftShortly(deps, owner.runId)
  if (opened.count > 0) {
    const order = ranked.map(({ source, reason }) => `${source} (${reason})`).join(', then ')
    await logRun(sql, {
      runId: owner.runId,
      level: 'info',
      message: `${job} started with ${order === '' ? 'no source' : order}`,
      details: { sources, params, request_id: row.requestId },
    })
    // Ties the lines of a worker, which name the run, to the request that asked for it.
    deps.log.info({ runId: owner.runId, requestId: row.requestId, job }, 'a run began')
  }
  const resting = await restingPlaces(sql)
  return {
    job,
    stages: stages.length,
    mode: comparesSources(job) ? 'all' : (params.source_mode ?? 'failover'),
    sources,
    resting: resting.filter(({ source }) => sources.includes(source)),
    totals: await runTotals(sql, owner.runId),
  }
}
