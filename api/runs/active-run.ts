import type { RunRow } from '../../db/queries/runs.ts'
import { Problem } from '../problems.ts'

/** The refusal that names the run under way. */
export function activeRun(holder: RunRow): Problem {
  const since = new Date(holder.startedAt ?? holder.createdAt).toISOString()
  return new Problem(
    'run_active',
    `run ${holder.id} (${holder.job}) is ${holder.status} since ${since}: wait for its end, cancel it with POST /api/runs/${holder.id}/cancel, or take its place with POST /api/runs and "force": true`,
    { run_id: holder.id },
  )
}
