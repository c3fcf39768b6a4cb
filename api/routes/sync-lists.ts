import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { RunView } from '../../db/queries/run-views.ts'
import { rowsOfRun, symbolPage } from '../../db/queries/symbol-page.ts'
import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem, type ProblemCode } from '../problems.ts'
import { startRun } from '../runs/start.ts'
import { waitForEnd } from '../runs/wait.ts'
import { count, runState, wholeNumber } from '../schemas/common.ts'
import { flatEnvelope, json, seedErrors } from '../schemas/responses.ts'

/* The second seed document's syncs, which answer with what came of them. */

const TAG = { tags: ['Sync (seed)'] }

// Proxies and clients give up at about this time. The run goes on; its id says where to look.
const PATIENCE_MS = 60_000

const ERRORS = [
  'invalid_request',
  'foreign_origin',
  'body_too_large',
  'run_active',
  'run_failed',
  'temporal_unavailable',
] as const satisfies ProblemCode[]

const underWay = json(
  'It takes longer than 60 s: the run, to be watched at `GET /api/runs/{id}`',
  flatEnvelope('SyncUnderWay', { run_id: z.string().openapi({ format: 'uuid' }), status: runState }),
)

const syncList = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/sync',
  operationId: 'syncStockList',
  summary: 'Synchronise the stock list, and answer when it is done',
  responses: {
    200: json('Done', flatEnvelope('SyncListAnswer', { synced_count: count.openapi({ example: 5400 }) })),
    202: underWay,
    ...seedErrors(...ERRORS),
  },
})

const syncDaily = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/sync/daily',
  operationId: 'syncDailyPage',
  summary: 'Synchronise the daily bars of a page of the stock list, and answer when it is done',
  description: 'The whole history of the stocks from `offset` on, in the order of their codes.',
  request: {
    query: z.strictObject({ limit: wholeNumber(1, 500, 10), offset: wholeNumber(0, 1_000_000, 0) }),
  },
  responses: {
    200: json(
      'Done',
      flatEnvelope('SyncDailyAnswer', {
        synced_stocks: count.openapi({ example: 10 }),
        total_rows: count.openapi({ description: 'Daily bars that came', example: 51_230 }),
      }),
    ),
    202: underWay,
    ...seedErrors(...ERRORS),
  },
})

const answer = <T extends object>(message: string, data: T) => ({
  ...data,
  success: true as const,
  message,
  data,
})

/** A run from its start to its end, or for as long as a caller waits. */
async function perform(
  deps: ApiDeps,
  asked: { job: Job; params: RunParams; requestId: string },
  caller: AbortSignal,
): Promise<{ view: RunView; isOver: boolean }> {
  const { row } = await startRun(deps, { ...asked, force: false })
  const view = await waitForEnd(deps, row.id, deps.settings.patienceMs ?? PATIENCE_MS, caller)
  const isOver = isFinal(view.status as RunState)
  if (isOver && view.status !== 'success' && view.status !== 'success_with_errors')
    throw new Problem('run_failed', `run ${view.id} is ${view.status}: ${view.message ?? 'see its log'}`, {
      run_id: view.id,
    })
  return { view, isOver }
}

const notYet = ({ id, job, status }: RunView) =>
  answer(`${job} goes on: GET /api/runs/${id} says where it stands`, {
    run_id: id,
    status: status as RunState,
  })

export type SyncListRoutes = typeof syncList | typeof syncDaily

/** `POST /sync` and `POST /sync/daily`. */
export function syncListRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(syncList, async (c) => {
    const asked = { job: 'stock_list' as const, params: { refresh: true }, requestId: c.get('requestId') }
    const { view, isOver } = await perform(deps, asked, c.req.raw.signal)
    if (!isOver) return c.json(notYet(view), 202)
    const message = view.message ?? `${view.total} stocks are in the list`
    return c.json(answer(message, { synced_count: view.total }), 200)
  })
  app.openapi(syncDaily, async (c) => {
    const symbols = await symbolPage(deps.db.sql, c.req.valid('query'))
    if (symbols.length === 0) {
      const message =
        'the stock list has nothing there: POST /sync brings it, a smaller offset stays within it'
      return c.json(answer(message, { synced_stocks: 0, total_rows: 0 }), 200)
    }
    const asked = { job: 'daily_history' as const, params: { symbols }, requestId: c.get('requestId') }
    const { view, isOver } = await perform(deps, asked, c.req.raw.signal)
    if (!isOver) return c.json(notYet(view), 202)
    const rows = await rowsOfRun(deps.db.sql, view.id, 'bars')
    const stocks = Math.max(0, symbols.length - view.errors)
    const message = view.message ?? `${stocks} stocks are complete; ${rows} bars came`
    return c.json(answer(message, { synced_stocks: stocks, total_rows: rows }), 200)
  })
  return app
}
