import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { viewCurrentRun, viewRun } from '../../db/queries/run-views.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { noSuchRun } from '../problems.ts'
import { IDLE, type SeedStatus, seedStatus, statusOf } from '../runs/seed-status.ts'
import { triggerRun } from '../runs/trigger.ts'
import { runIdParam } from '../schemas/common.ts'
import { body, envelope, json, seedErrors, STARTS_A_RUN } from '../schemas/responses.ts'
import { shared } from '../shared-reading.ts'
import { meaningOf, triggerBody, triggered, TRIGGERED_EXAMPLE } from '../schemas/trigger.ts'

/* The first seed document's group: its paths, fields and envelope. */

const TAG = { tags: ['Sync (seed)'] }

const trigger = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/api/sync/trigger',
  operationId: 'triggerSync',
  summary: 'Start a synchronisation',
  description:
    'Nothing given: the stock list. `symbols` and/or `periods`: daily bars of the last 365 days, or between the dates given. `all_history`: the whole history.',
  request: {
    body: body(triggerBody, false, {
      symbols: ['000001', '600000'],
      periods: ['daily'],
      preferred_sources: ['tushare'],
    }),
  },
  responses: {
    200: json('The run', envelope('TriggerAnswer', triggered), TRIGGERED_EXAMPLE),
    ...seedErrors(...STARTS_A_RUN),
  },
})

const getStatus = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/sync/status',
  operationId: 'getSyncStatus',
  summary: 'Where a synchronisation stands',
  description: 'Without `job_id`: the run under way, else the last one, else `idle`.',
  request: { query: z.strictObject({ job_id: runIdParam.shape.id.optional() }) },
  responses: {
    200: json('The status', envelope('StatusAnswer', seedStatus), {
      success: true,
      message: 'Status retrieved successfully',
      data: IDLE,
    }),
    ...seedErrors('invalid_request', 'run_not_found'),
  },
})

export type SyncRoutes = typeof trigger | typeof getStatus

/** `POST /api/sync/trigger` and `GET /api/sync/status`. */
export function syncRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  // Consoles and scripts ask for it all the time.
  const current = shared(async () => {
    const view = await viewCurrentRun(deps.db.sql)
    return view ? await statusOf(deps, view) : IDLE
  })
  app.openapi(trigger, async (c) => {
    const asked = meaningOf(triggerBody.parse(c.req.valid('json')), {
      now: deps.now(),
      configured: new Set((await deps.sources()).on.keys()),
    })
    return c.json(await triggerRun(deps, asked, c.get('requestId')), 200)
  })
  app.openapi(getStatus, async (c) => {
    const { job_id: id } = c.req.valid('query')
    const data = id === undefined ? await current() : await statusOfRun(deps, id)
    return c.json({ success: true as const, message: 'Status retrieved successfully', data }, 200)
  })
  return app
}

async function statusOfRun(deps: ApiDeps, id: string): Promise<SeedStatus> {
  const view = await viewRun(deps.db.sql, id)
  if (!view) throw noSuchRun(id)
  return await statusOf(deps, view)
}
