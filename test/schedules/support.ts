import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import type { RunRow } from '../../db/queries/runs.ts'
import { TASK_QUEUE } from '../../workflows/contract/ids.ts'
import type { ScheduledResult, ScheduledSyncInput } from '../../workflows/contract/schedule.ts'
import type { Lab } from '../support/lab.ts'

/** Starts what a schedule starts, at once. */
export async function startScheduled(
  lab: Lab,
  {
    job,
    params = {},
    tryAgainAfterMs = [200, 200],
  }: Partial<ScheduledSyncInput> & Pick<ScheduledSyncInput, 'job'>,
): Promise<WorkflowHandle & { end(): Promise<ScheduledResult> }> {
  const handle = await lab.client.workflow.start('scheduledSync', {
    taskQueue: TASK_QUEUE,
    workflowId: `scheduled/${job}-${randomUUID()}`,
    args: [{ job, params, tryAgainAfterMs } satisfies ScheduledSyncInput],
  })
  return Object.assign(handle, { end: () => handle.result() as Promise<ScheduledResult> })
}

/** Resolves with what `look` finds. */
export async function eventually<T>(
  look: () => Promise<T | null | undefined | false>,
  what: string,
  seconds = 60,
): Promise<T> {
  for (const until = Date.now() + seconds * 1_000; Date.now() < until; await sleep(50)) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
  }
  throw new Error(`${what} did not come within ${seconds} s`)
}

/** Runs in the order in which they were made. */
export const runsOf = async (
  lab: Lab,
  job: string,
): Promise<Pick<RunRow, 'id' | 'status' | 'errorClass'>[]> =>
  await lab.db.sql`
    select id, status, error_class as "errorClass" from sync_run where job = ${job} order by created_at`
