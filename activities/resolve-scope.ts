import { logRun } from '../db/queries/logs.ts'
import { resolveParams } from '../db/scope/resolve.ts'
import { scopeOf } from '../market/jobs.ts'
import { auditRun } from './audit-run.ts'
import type { ActivityDeps } from './deps.ts'
import { settleBefore } from './retry-failures.ts'
import type { LoadedRun } from './run-context.ts'

/**
 * The run with the dates that its parameters leave open. They are kept with it the first time: what it brings changes
 * the answer, and a repetition has to be about the same dates.
 */
export async function resolveScope(deps: ActivityDeps, run: LoadedRun): Promise<LoadedRun> {
  if (run.row.resolvedParams !== null) return run
  const { sql } = deps.db
  const { sources } = await deps.sources.current()
  const context = { sql, sources, settings: deps.settings, now: deps.now }
  if (scopeOf(run.job) === 'failures') await settleBefore(deps, run)
  const { params, notes } = await resolveParams(context, run.job, run.row.id, run.params)
  // Before the dates are kept: until then a repetition starts over.
  if (scopeOf(run.job) === 'audit') await auditRun(deps, run, params)
  const kept = await sql`
    update sync_run set resolved_params = ${sql.json(params as never)}, updated_at = now()
    where id = ${run.row.id} and resolved_params is null`
  if (kept.count > 0)
    for (const message of notes) await logRun(sql, { runId: run.row.id, level: 'info', message })
  return { ...run, params }
}
