import { deriveLeft } from '../db/derived-due.ts'
import { restingPlaces } from '../db/health.ts'
import { logRun } from '../db/queries/logs.ts'
import { runTotals } from '../db/queries/runs.ts'
import { comparesSources } from '../market/jobs.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { OpenedRun } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { rankedSources } from './ranking.ts'
import { loadRun } from './run-context.ts'

// The activity has ten seconds; what is left then is made by the verification.
const SHORT_MS = 4_000

/** Takes the run over: it is running from now on, unless a newer owner has it. */
export async function openRun(deps: ActivityDeps, owner: OwnedRun): Promise<OpenedRun> {
  const { job, params, stages, row } = await loadRun(deps, owner.runId)
  const { sql } = deps.db
  const opened = await sql`
    update sync_run set status = 'running', started_at = coalesce(started_at, now()), updated_at = now()
    where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status = 'pending'`
  const set = await deps.sources.current()
  const ranked = await rankedSources(deps, set, params.preferred_sources ?? [], 'whatever rests')
  const sources = ranked.map(({ source }) => source)
  // Of a run that was killed and never closed.
  await deriveLeft(sql, owner.runId, SHORT_MS)
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
