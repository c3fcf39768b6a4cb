import type { Database } from './client.ts'
import { logRun } from './queries/logs.ts'
import { addNotice } from './queries/notifications.ts'
import type { RunRow } from './queries/runs.ts'

/**
 * Ends a run whose workflow is gone or never was, says so in its log and, unless it was cancelled, to whoever is notified of
 * runs that failed: all of it or nothing. Fences whatever may still work for it.
 *
 * @param message without secrets
 * @returns false when it had ended by itself meanwhile, or has a newer owner
 */
export async function endFromOutside(
  db: Database,
  { id, ownerEpoch, job }: Pick<RunRow, 'id' | 'ownerEpoch' | 'job'>,
  status: string,
  message: string,
): Promise<boolean> {
  return await db.sql.begin(async (tx) => {
    const { count } = await tx`
      update sync_run set status = ${status}, owner_epoch = owner_epoch + 1, finished_at = now(), updated_at = now(),
        message = ${message.slice(0, 1_000)}
      where id = ${id} and owner_epoch = ${ownerEpoch} and status in ('pending', 'running', 'paused', 'waiting')`
    if (count === 0) return false
    const level = status === 'failed' ? 'error' : status === 'terminated' ? 'warn' : 'info'
    await logRun(tx, { runId: id, level, message: `${status}: ${message}` })
    if (level !== 'info')
      await addNotice(tx, {
        event: 'run_failed',
        title: `${job} ${status === 'failed' ? 'failed' : 'was terminated'}`,
        text: message,
        details: { run_id: id, job, status },
        dedup: `run/${id}/${ownerEpoch}`,
      })
    return true
  })
}
