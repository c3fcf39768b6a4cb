import type { Database } from './client.ts'
import { logRun } from './queries/logs.ts'
import { endRun, type RunRow } from './queries/runs.ts'

/**
 * Ends a run whose workflow is gone, and says so in its log.
 *
 * @param message without secrets
 * @returns false when it had ended by itself meanwhile, or has a newer owner
 */
export async function endFromOutside(
  db: Database,
  row: Pick<RunRow, 'id' | 'ownerEpoch'>,
  status: string,
  message: string,
): Promise<boolean> {
  if (!(await endRun(db, { id: row.id, epoch: row.ownerEpoch }, status, message.slice(0, 1_000))))
    return false
  await logRun(db.sql, { runId: row.id, level: 'warn', message: `${status}: ${message}` })
  return true
}
