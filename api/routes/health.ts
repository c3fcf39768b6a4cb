import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isForwarded } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { json } from '../schemas/responses.ts'
import { type Check, checkReadiness } from '../readiness.ts'
import { shared } from '../shared-reading.ts'

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
  reason: z
    .string()
    .nullable()
    .openapi({ description: 'Why not, and what to do; told to callers who may read' }),
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

// Reasons name addresses and settings, which are not for strangers.
const withoutReason = ({ ok }: Check): Check => ({
  ok,
  reason: ok ? null : 'is away or not as it should be: callers with a key are told the reason',
})

export type HealthRoutes = typeof health | typeof ready

/** `/healthz` and `/readyz`. */
export function healthRoutes(deps: ApiDeps, gate: Gate): OpenAPIHono<ApiEnv> {
  // Whoever asks needs no key: a flood of questions must not become one for PostgreSQL and Temporal.
  const current = shared(() => checkReadiness(deps))
  const mayRead = async (c: Context): Promise<boolean> => {
    try {
      return (await gate.look(c)).caller !== null
    } catch {
      // The database is away, or too many wrong keys came from there.
      return !gate.keyring.neededLast && !isForwarded(c)
    }
  }
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(health, (c) => c.json({ status: 'ok' as const }, 200))
  app.openapi(ready, async (c) => {
    const [found, tellsReasons] = await Promise.all([current(), mayRead(c)])
    const tell = (check: Check) => (tellsReasons ? check : withoutReason(check))
    const checks = {
      postgres: tell(found.postgres),
      temporal: tell(found.temporal),
      worker: tell(found.worker),
    }
    const isReady = Object.values(checks).every((one) => one.ok)
    return isReady ? c.json({ ready: true, checks }, 200) : c.json({ ready: false, checks }, 503)
  })
  return app
}
