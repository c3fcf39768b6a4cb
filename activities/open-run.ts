import { runTotals } from '../db/queries/runs.ts'
import { logRun } from '../db/queries/logs.ts'
import { SOURCE_NAMES, type SourceName } from '../market/sources.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { OpenedRun } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { loadRun } from './run-context.ts'

/** Takes the run over: it is running from now on, unless a newer owner has it. */
export async function openRun(deps: ActivityDeps, owner: OwnedRun): Promise<OpenedRun> {
  const { job, params, stages } = await loadRun(deps, owner.runId)
  const { sql } = deps.db
  const opened = await sql`
    update sync_run set status = 'running', started_at = coalesce(started_at, now()), updated_at = now()
    where id = ${owner.runId} and owner_epoch = ${owner.epoch} and status = 'pending'`
  const sources = orderSources(deps, params.preferred_sources ?? [])
  if (opened.count > 0) {
    await logRun(sql, {
      runId: owner.runId,
      level: 'info',
      message: `${job} started`,
      details: { sources, params },
    })
  }
  return {
    job,
    stages: stages.length,
    mode: params.source_mode ?? 'failover',
    sources,
    resting: [],
    totals: await runTotals(sql, owner.runId),
  }
}

/** Preferred ones first, then by priority; only sources that are there. */
function orderSources(deps: ActivityDeps, preferred: readonly SourceName[]): SourceName[] {
  const priority = (name: SourceName) => deps.settings.sourcePriority[name] ?? 99
  const rest = SOURCE_NAMES.filter((name) => !preferred.includes(name)).sort(
    (a, b) => priority(a) - priority(b),
  )
  return [...preferred, ...rest].filter((name) => deps.sources.has(name))
}
