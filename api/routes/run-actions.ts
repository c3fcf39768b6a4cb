import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { startRun } from '../runs/start.ts'
import { cancelRun, pauseRun, resumeRun, retryRun } from '../runs/steer.ts'
import { runIdParam } from '../schemas/common.ts'
import { body, json, problems, STARTS_A_RUN } from '../schemas/responses.ts'
import { FORCE_LIMIT_SECONDS, run, startRequest, toRunParams } from '../schemas/run.ts'
import { readRun } from './runs.ts'

/* Starting and steering runs. */

const TAG = { tags: ['Runs'] }

const start = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/api/runs',
  operationId: 'startRun',
  summary: 'Start a job',
  description: `Answers with the run: \`pending\` until a worker has taken it. Only one run holds the lock (SYNC_LOCK): 429 names it. \`force\` takes its place, unless it has not ended within ${FORCE_LIMIT_SECONDS} s.`,
  request: {
    body: body(startRequest, true, {
      job: 'daily_history',
      params: { symbols: ['600000'], start_date: '2025-01-02' },
    }),
  },
  responses: {
    201: {
      ...json('The run', run),
      headers: { Location: { schema: { type: 'string' }, description: 'The run' } },
    },
    ...problems(...STARTS_A_RUN),
  },
})

const steering = <const A extends string>(action: A, summary: string, description: string) =>
  createRoute({
    ...TAG,
    ...leastRole('operator'),
    method: 'post',
    path: `/api/runs/{id}/${action}`,
    operationId: `${action}Run`,
    summary,
    description,
    request: { params: runIdParam },
    responses: {
      200: json('The run as it is now', run),
      ...problems(
        'invalid_request',
        'foreign_origin',
        'run_not_found',
        ...(action === 'retry'
          ? (['run_not_final', 'run_active'] as const)
          : (['run_final', 'run_gone'] as const)),
        'temporal_unavailable',
      ),
    },
  })

const pause = steering(
  'pause',
  'Pause a run',
  'Takes effect within 5 s, after the commit at hand; the lock is given back. A paused run may stay so for weeks.',
)
const resume = steering(
  'resume',
  'Resume a paused run',
  'Goes on from the cursors, once it has the lock again (`waiting` until then).',
)
const cancel = steering(
  'cancel',
  'Cancel a run',
  'Ends it within 5 s, after the commit at hand; what was committed stays.',
)
const retry = steering(
  'retry',
  'Start a run that has ended once more',
  'Only what is not done is fetched. Refused with 429 while another run holds the lock.',
)

export type RunActionRoutes = typeof start | typeof pause | typeof resume | typeof cancel | typeof retry

/** `POST /api/runs` and the steering of one run. */
export function runActionRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(start, async (c) => {
    const { job, params, force } = c.req.valid('json')
    const { row } = await startRun(deps, {
      job,
      params: toRunParams(params),
      force,
      requestId: c.get('requestId'),
    })
    c.header('Location', `/api/runs/${row.id}`)
    return c.json(await readRun(deps, row.id), 201)
  })
  for (const [route, act] of [
    [pause, pauseRun],
    [resume, resumeRun],
    [cancel, cancelRun],
    [retry, retryRun],
  ] as const) {
    app.openapi(route, async (c) => {
      const { id } = c.req.valid('param')
      await act(deps, id, { requestId: c.get('requestId'), by: c.get('caller')?.name })
      return c.json(await readRun(deps, id), 200)
    })
  }
  return app
}
