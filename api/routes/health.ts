import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { json } from '../schemas/responses.ts'
import { checkReadiness } from '../readiness.ts'

const TAG = { tags: ['Operations'] }

const health = createRoute({
  ...TAG,
  ...leastRole('anyone'),
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  summary: 'The process lives',
  responses: {
    200: json('It does', z.object({ status: z.literal('ok') }).openapi('Health'), { status: 'ok' }),
  },
})

const check = z.object({
  ok: z.boolean(),
  reason: z.string().nullable().openapi({ description: 'Why not, and what to do' }),
})

const readiness = z
  .object({ ready: z.boolean(), checks: z.object({ postgres: check, temporal: check, worker: check }) })
  .openapi('Readiness')

const OK = { ok: true, reason: null }

const ready = createRoute({
  ...TAG,
  ...leastRole('anyone'),
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  summary: 'A run that is started now would run',
  responses: {
    200: json('It would', readiness, { ready: true, checks: { postgres: OK, temporal: OK, worker: OK } }),
    503: json('It would not, for these reasons', readiness, {
      ready: false,
      checks: {
        postgres: OK,
        temporal: OK,
        worker: { ok: false, reason: 'no worker asks for work on ashare-sync: start one' },
      },
    }),
  },
})

/** `/healthz` and `/readyz`. */
export function healthRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(health, (c) => c.json({ status: 'ok' as const }, 200))
  app.openapi(ready, async (c) => {
    const checks = await checkReadiness(deps)
    const isReady = Object.values(checks).every((one) => one.ok)
    return isReady ? c.json({ ready: true, checks }, 200) : c.json({ ready: false, checks }, 503)
  })
  return app
}
