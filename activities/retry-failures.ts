import { logRun } from '../db/queries/logs.ts'
import { countAttempts } from '../db/queries/failures.ts'
import { settleFailures } from '../db/settle-failures.ts'
import { counted } from '../market/counted.ts'
import type { ActivityDeps } from './deps.ts'
import type { LoadedRun } from './run-context.ts'

/*
 * A run that retries failures, before and after its stages. What has come by any other way is resolved without a call; what
 * it tried in vain counts another attempt, whatever parts of it failed under which source.
 */

/** Resolves failures of which everything has come since they came up. */
export async function settleBefore(deps: ActivityDeps, { row }: LoadedRun): Promise<void> {
  const settled = await settleFailures(deps.db.sql, row.id, deps.now())
  if (settled === 0) return
  const message = `${counted(settled, 'failure is', 'failures are')} resolved: what was missing has come since`
  await logRun(deps.db.sql, { runId: row.id, level: 'info', message })
}

/** Counts an attempt of what is still open of what the run was about. */
export async function countLeft(deps: ActivityDeps, { row, params }: LoadedRun): Promise<void> {
  const { sql } = deps.db
  const { failures = [] } = params
  if (failures.length === 0) return
  const left = await sql.begin((tx) => countAttempts(tx, { runId: row.id, ids: failures }))
  const message = `${failures.length - left} of ${counted(failures.length, 'failure')} resolved, ${left} still open`
  await logRun(sql, { runId: row.id, level: left > 0 ? 'warn' : 'info', message })
}
