import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { type LogLevel, type LogRow, pageLogs } from '../../db/queries/logs.ts'
import { pageRuns } from '../../db/queries/run-views.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { IDLE, seedStatus, statusOf } from '../runs/seed-status.ts'
import { count, instant, runJob, runIdParam, runState, wholeNumber } from '../schemas/common.ts'
import { envelope, json, seedErrors } from '../schemas/responses.ts'

/* The first seed document's history of runs and their key log lines, by numbered pages. */

const TAG = { tags: ['Sync (seed)'] }

const pageNumber = wholeNumber(1, 1_000_000, 1)

const pageOf = <T extends z.ZodType>(record: T) =>
  z.object({ records: z.array(record), total: count, page: count, page_size: count, has_more: z.boolean() })

const paged = <T>(records: T[], total: number, { page, page_size }: { page: number; page_size: number }) => ({
  records,
  total,
  page,
  page_size,
  has_more: page * page_size < total,
})

const getHistory = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/sync/history',
  operationId: 'getSyncHistory',
  summary: 'Synchronisations, newest first',
  request: {
    query: z.strictObject({
      page: pageNumber,
      page_size: wholeNumber(1, 100, 10),
      status: runState
        .optional()
        .openapi({ description: '`running`: also those that wait to start or to go on' }),
      job: runJob.optional(),
    }),
  },
  responses: {
    200: json('A page of them', envelope('HistoryAnswer', pageOf(seedStatus)), {
      success: true,
      message: 'History retrieved successfully',
      data: { records: [IDLE], total: 1, page: 1, page_size: 10, has_more: false },
    }),
    ...seedErrors('invalid_request'),
  },
})

const logLine = z.object({
  id: count,
  job_id: z.string().nullable(),
  at: instant,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string().openapi({ example: 'bars: 12 batches, 240 calls planned for tushare' }),
  details: z.unknown(),
})

// The seeds write levels as Python does.
const LEVELS = new Map<string, LogLevel>([
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
])
const LEVEL_NAMES = [...LEVELS.keys()]

const level = z
  .string()
  .transform((text, context): LogLevel => {
    const known = LEVELS.get(text.toLowerCase())
    if (known !== undefined) return known
    context.addIssue({ code: 'custom', message: `must be one of ${LEVEL_NAMES.join(', ')}` })
    return z.NEVER
  })
  .openapi({ type: 'string', enum: LEVEL_NAMES, example: 'error' })

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:\d{2})?$/

/** A day or a moment → the instant; null when it is none. */
function instantOf(text: string): string | null {
  const [, day, time = '00:00', zone = 'Z'] = MOMENT.exec(text) ?? []
  const instant = new Date(`${day ?? ''}T${time}${zone}`)
  return day === undefined || Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}

const since = z
  .string()
  .transform((text, context) => {
    const instant = instantOf(text)
    if (instant !== null) return instant
    context.addIssue({ code: 'custom', message: 'must be a moment like 2026-11-20T12:30:00Z, or a day' })
    return z.NEVER
  })
  .openapi({ type: 'string', format: 'date-time', example: '2026-11-20T12:30:00Z' })

const getLogs = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/sync/logs',
  operationId: 'getSyncLogs',
  summary: 'Key log lines of the last 30 days, newest first',
  request: {
    query: z.strictObject({
      job_id: runIdParam.shape.id.optional(),
      level: level.optional(),
      since: since
        .optional()
        .openapi({ description: 'Lines from this moment on; UTC where it names no zone' }),
      page: pageNumber,
      page_size: wholeNumber(1, 200, 50),
    }),
  },
  responses: {
    200: json('A page of lines', envelope('LogsAnswer', pageOf(logLine)), {
      success: true,
      message: 'Logs retrieved successfully',
      data: { records: [], total: 0, page: 1, page_size: 50, has_more: false },
    }),
    ...seedErrors('invalid_request'),
  },
})

const toLine = ({ id, run_id, at, level: of, message, details }: LogRow): z.output<typeof logLine> => ({
  id,
  job_id: run_id,
  at: toIso(at) ?? at,
  level: of,
  message,
  details,
})

export type SyncHistoryRoutes = typeof getHistory | typeof getLogs

/** `GET /api/sync/history` and `GET /api/sync/logs`. */
export function syncHistoryRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const { sql } = deps.db
  app.openapi(getHistory, async (c) => {
    const { status, job, ...at } = c.req.valid('query')
    const states = status === 'running' ? ['pending', 'running', 'waiting'] : status && [status]
    const { views, total } = await pageRuns(sql, { states, job, page: at.page, size: at.page_size })
    const records = await Promise.all(views.map((view) => statusOf(deps, view)))
    const data = paged(records, total, at)
    return c.json({ success: true as const, message: 'History retrieved successfully', data }, 200)
  })
  app.openapi(getLogs, async (c) => {
    const { job_id: runId, level: of, since: from, ...at } = c.req.valid('query')
    const { rows, total } = await pageLogs(sql, {
      runId,
      level: of,
      since: from,
      page: at.page,
      size: at.page_size,
    })
    const data = paged(rows.map(toLine), total, at)
    return c.json({ success: true as const, message: 'Logs retrieved successfully', data }, 200)
  })
  return app
}
