import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { recentRate, type RunView, viewCurrentRun, viewRun } from '../../db/queries/run-views.ts'
import { sourceStats } from '../../db/queries/runs.ts'
import { toCompact } from '../../market/date.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { noSuchRun } from '../problems.ts'
import { etaOf, percentOf } from '../runs/progress.ts'
import { startRun } from '../runs/start.ts'
import { count, instant, runIdParam } from '../schemas/common.ts'
import { body, envelope, json, seedErrors } from '../schemas/responses.ts'
import { meaningOf, triggerBody } from '../schemas/trigger.ts'

/* The first seed document's group: its paths, fields and envelope. */

const TAG = { tags: ['Sync (seed)'] }

const started = z.object({
  job_id: z.string().openapi({ format: 'uuid' }),
  status: z.enum(['running', 'pending']).openapi({ description: '`pending` until Temporal answers again' }),
  started_at: instant,
  parameters: z.record(z.string(), z.unknown()),
})

const STARTED_EXAMPLE = {
  success: true,
  message: 'Synchronization started successfully',
  data: {
    job_id: '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90',
    status: 'running',
    started_at: '2026-11-20T12:30:00.000Z',
    parameters: { force: false, preferred_sources: ['tushare'], symbols: ['000001.SZ'], periods: ['daily'] },
  },
}

const trigger = createRoute({
  ...TAG,
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
    200: json('The run', envelope('TriggerAnswer', started), STARTED_EXAMPLE),
    ...seedErrors(
      'invalid_request',
      'malformed_json',
      'foreign_origin',
      'body_too_large',
      'unsupported_media_type',
      'run_active',
      'temporal_unavailable',
    ),
  },
})

// The words of the seeds, and `paused`, `cancelled`, `terminated`. A run that waits to start or to go on is under way.
const SEED_STATES = [
  'idle',
  'running',
  'paused',
  'success',
  'success_with_errors',
  'failed',
  'cancelled',
  'terminated',
] as const
type SeedState = (typeof SEED_STATES)[number]

const status = z.object({
  job: z.string().nullable(),
  status: z.enum(SEED_STATES),
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  total: count.openapi({ description: 'Symbols' }),
  inserted: count,
  updated: count,
  errors: count.openapi({ description: 'Open failures' }),
  last_trade_date: z.string().nullable().openapi({ description: 'YYYYMMDD', example: '20261120' }),
  data_sources_used: z.array(z.string()).openapi({ example: ['stock_list:tushare'] }),
  source_stats: z
    .record(z.string(), z.object({ inserted: count, updated: count }))
    .openapi({ example: { tushare: { inserted: 5400, updated: 12 } } }),
  job_id: z.string().nullable(),
  paused: z.boolean(),
  percent: z.number().min(0).max(100),
  eta_seconds: count.nullable(),
  calls_used: count,
  state: z
    .string()
    .openapi({ description: 'The exact state; `pending` and `waiting` are `running` in `status`' }),
  message: z.string().nullable(),
})

const IDLE: z.output<typeof status> = {
  job: null,
  status: 'idle',
  started_at: null,
  finished_at: null,
  total: 0,
  inserted: 0,
  updated: 0,
  errors: 0,
  last_trade_date: null,
  data_sources_used: [],
  source_stats: {},
  job_id: null,
  paused: false,
  percent: 0,
  eta_seconds: null,
  calls_used: 0,
  state: 'idle',
  message: null,
}

const getStatus = createRoute({
  ...TAG,
  method: 'get',
  path: '/api/sync/status',
  operationId: 'getSyncStatus',
  summary: 'Where a synchronisation stands',
  description: 'Without `job_id`: the run under way, else the last one, else `idle`.',
  request: { query: z.strictObject({ job_id: runIdParam.shape.id.optional() }) },
  responses: {
    200: json('The status', envelope('StatusAnswer', status), {
      success: true,
      message: 'Status retrieved successfully',
      data: IDLE,
    }),
    ...seedErrors('invalid_request', 'run_not_found'),
  },
})

async function statusOf(deps: ApiDeps, view: RunView): Promise<z.output<typeof status>> {
  const stats = await sourceStats(deps.db.sql, view.id)
  const bySource: Record<string, { inserted: number; updated: number }> = {}
  for (const { source, inserted, updated } of stats) {
    const sum = (bySource[source] ??= { inserted: 0, updated: 0 })
    sum.inserted += inserted
    sum.updated += updated
  }
  const underWay = view.status === 'pending' || view.status === 'waiting'
  return {
    job: view.job,
    status: underWay ? 'running' : (view.status as SeedState),
    started_at: toIso(view.started_at ?? view.created_at),
    finished_at: toIso(view.finished_at),
    total: view.total,
    inserted: view.inserted,
    updated: view.updated,
    errors: view.errors,
    last_trade_date: view.last_trade_date === null ? null : toCompact(view.last_trade_date),
    data_sources_used: stats.map(({ dataset, source }) => `${dataset}:${source}`),
    source_stats: bySource,
    job_id: view.id,
    paused: view.status === 'paused',
    percent: percentOf(view),
    eta_seconds: etaOf(view, await recentRate(deps.db.sql, view.id)),
    calls_used: view.calls,
    state: view.status,
    message: view.message,
  }
}

/** `POST /api/sync/trigger` and `GET /api/sync/status`. */
export function syncRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(trigger, async (c) => {
    const asked = meaningOf(triggerBody.parse(c.req.valid('json')), {
      now: deps.now(),
      configured: new Set((await deps.sources()).on.keys()),
    })
    const { row, started } = await startRun(deps, { ...asked, requestId: c.get('requestId') })
    const notes = [
      ...(started ? [] : ['Temporal is away: the run starts by itself when it is back']),
      ...asked.notes,
    ]
    const data = {
      job_id: row.id,
      status: started ? ('running' as const) : ('pending' as const),
      started_at: toIso(row.createdAt) ?? row.createdAt,
      parameters: asked.parameters,
    }
    const message = ['Synchronization started successfully', ...notes].join('; ')
    return c.json({ success: true as const, message, data }, 200)
  })
  app.openapi(getStatus, async (c) => {
    const { job_id: id } = c.req.valid('query')
    const view = id === undefined ? await viewCurrentRun(deps.db.sql) : await viewRun(deps.db.sql, id)
    if (id !== undefined && !view) throw noSuchRun(id)
    const data = view ? await statusOf(deps, view) : IDLE
    return c.json({ success: true as const, message: 'Status retrieved successfully', data }, 200)
  })
  return app
}
