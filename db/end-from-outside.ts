import type { Database } from './client.ts'
import type { RunRow } from './queries/runs.ts'
import { tellEnd } from './tell-end.ts'

/** What it takes to end a run: which one, and as whose. */
export type OwnedRow = Pick<RunRow, 'id' | 'ownerEpoch' | 'job'>

/**
 * Ends a run whose workflow is gone or never was and tells of it, all of it or nothing. Fences whatever may still work for it.
 *
 * @param message without secrets
 * @returns false when it had ended by itself meanwhile, or has a newer owner
 */
export async function endFromOutside(
  db: Database,
  { id, ownerEpoch, job }: OwnedRow,
  status: string,
  message: string,
): Promise<boolean> {
  return await db.sql.begin(async (tx) => {
    const { count } = await tx`
      update sync_run set status = ${status}, owner_epoch = owner_epoch + 1, finished_at = now(), updated_at = now(),
        message = ${message.slice(0, 1_000)}
      where id = ${id} and owner_epoch = ${ownerEpoch} and status in ('pending', 'running', 'paused', 'waiting')`
    if (count === 0) return false
    await tellEnd(tx, { runId: id, epoch: ownerEpoch, job, status, line: message, text: message })
    return true
  })
}
