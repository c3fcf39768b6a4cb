import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readLogs } from '../../db/queries/logs.ts'
import { recentRate, type RunView, viewBatches, viewRun, viewRuns } from '../../db/queries/run-views.ts'
import { toIso } from '../../db/client.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { noSuchRun, Problem } from '../problems.ts'
import {
  cursorInput,
  datasetName,
  decodeCursor,
  encodeCursor,
  instant,
  runJob,
  pageLimit,
  pageOf,
  runIdParam,
  runState,
} from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'
import { batch, run, type Run, toBatch, toRun } from '../schemas/run.ts'

/* Watching runs. */

const TAG = { tags: ['Runs'] }

const list = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/runs',
  operationId: 'listRuns',
  summary: 'Runs, newest first',
  request: {
    query: z.strictObject({
      status: runState.optional(),
      job: runJob.optional(),
      limit: pageLimit,
      cursor: cursorInput.optional(),
    }),
  },
  responses: { 200: json('A page of runs', pageOf('RunPage', run)), ...problems('invalid_request') },
})

const get = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/runs/{id}',
  operationId: 'getRun',
  summary: 'One run',
  request: { params: runIdParam },
  responses: { 200: json('The run', run), ...problems('invalid_request', 'run_not_found') },
})

const batches = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/runs/{id}/batches',
  operationId: 'listBatches',
  summary: 'The batches of a run, in the order of its plan',
  request: {
    params: runIdParam,
    query: z.strictObject({
      state: batch.shape.state.optional(),
      dataset: datasetName.optional(),
      limit: pageLimit,
      cursor: cursorInput.optional(),
    }),
  },
  responses: {
    200: json('A page of batches', pageOf('BatchPage', batch)),
    ...problems('invalid_request', 'run_not_found'),
  },
})

const logLine = z
  .object({
    id: z.number().int(),
    at: instant,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string().openapi({ example: 'bars: 12 batches, 240 calls planned for tushare' }),
    details: z.unknown(),
  })
  .openapi('LogLine')

const logs = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/runs/{id}/logs',
  operationId: 'listRunLogs',
  summary: 'The key log lines of a run, oldest first',
  description:
    'The last page names a cursor as well when it is not empty: hand it back later to get what came since.',
  request: {
    params: runIdParam,
    query: z.strictObject({ limit: pageLimit, cursor: cursorInput.optional() }),
  },
  responses: {
    200: json('A page of log lines', pageOf('LogPage', logLine)),
    ...problems('invalid_request', 'run_not_found'),
  },
})

/** The run as a resource, or a refusal. */
export async function readRun(deps: ApiDeps, id: string): Promise<Run> {
  const view = await viewRun(deps.db.sql, id)
  if (!view) throw noSuchRun(id)
  return await withRate(deps, view)
}

const withRate = async (deps: ApiDeps, view: RunView): Promise<Run> =>
  toRun(view, view.status === 'running' ? await recentRate(deps.db.sql, view.id) : null)

const badCursor = (): Problem =>
  new Problem('invalid_request', 'cursor: is no cursor of this list: leave it out for the first page')

/** The number in a cursor. */
export function numberIn(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const [text = ''] = decodeCursor(cursor)
  if (!/^\d{1,15}$/.test(text)) throw badCursor()
  return Number(text)
}

function runIn(cursor: string | undefined): { createdAt: string; id: string } | undefined {
  if (cursor === undefined) return undefined
  const [createdAt = '', id = ''] = decodeCursor(cursor)
  if (Number.isNaN(Date.parse(createdAt)) || !runIdParam.safeParse({ id }).success) throw badCursor()
  return { createdAt, id }
}

export type RunRoutes = typeof list | typeof get | typeof batches | typeof logs

/** Reads of runs and what belongs to them. */
export function runRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const { sql } = deps.db
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { cursor, ...query } = c.req.valid('query')
    const views = await viewRuns(sql, { ...query, after: runIn(cursor) })
    const last = views.length === query.limit ? views.at(-1) : undefined
    const items = await Promise.all(views.map((view) => withRate(deps, view)))
    return c.json({ items, next_cursor: last ? encodeCursor(last.created_at, last.id) : null }, 200)
  })
  app.openapi(get, async (c) => c.json(await readRun(deps, c.req.valid('param').id), 200))
  app.openapi(batches, async (c) => {
    const { id: runId } = c.req.valid('param')
    const { cursor, ...query } = c.req.valid('query')
    if (!(await viewRun(sql, runId))) throw noSuchRun(runId)
    const views = await viewBatches(sql, { runId, ...query, after: numberIn(cursor) ?? 0 })
    const last = views.length === query.limit ? views.at(-1) : undefined
    return c.json({ items: views.map(toBatch), next_cursor: last ? encodeCursor(last.seq) : null }, 200)
  })
  app.openapi(logs, async (c) => {
    const { id: runId } = c.req.valid('param')
    const { cursor, limit } = c.req.valid('query')
    if (!(await viewRun(sql, runId))) throw noSuchRun(runId)
    const rows = await readLogs(sql, { runId, after: numberIn(cursor) ?? 0, limit })
    const items = rows.map(({ id, at, level, message, details }) => ({
      id,
      at: toIso(at) ?? at,
      level,
      message,
      details,
    }))
    const last = items.at(-1)
    return c.json({ items, next_cursor: last ? encodeCursor(last.id) : null }, 200)
  })
  return app
}
