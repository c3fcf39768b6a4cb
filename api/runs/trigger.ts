import type { z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import type { ApiDeps } from '../deps.ts'
import type { triggered, TriggerMeaning } from '../schemas/trigger.ts'
import { startRun } from './start.ts'

/** Starts what a request of the seeds means, and answers as they do. */
export async function triggerRun(
  deps: ApiDeps,
  asked: TriggerMeaning,
  requestId: string,
): Promise<{ success: true; message: string; data: z.output<typeof triggered> }> {
  const { row, started } = await startRun(deps, { ...asked, requestId })
  const notes = [
    ...(started ? [] : ['Temporal is away: the run starts by itself when it is back']),
    ...asked.notes,
  ]
  return {
    success: true,
    message: ['Synchronization started successfully', ...notes].join('; '),
    data: {
      job_id: row.id,
      status: started ? 'running' : 'pending',
      started_at: toIso(row.createdAt) ?? row.createdAt,
      parameters: asked.parameters,
    },
  }
}
