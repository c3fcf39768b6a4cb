import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Registry } from 'prom-client'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { storedMetrics } from '../metrics/stored.ts'
import { viewSources } from '../source/view.ts'

const metrics = createRoute({
  tags: ['Operations'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Figures for Prometheus',
  description:
    'Requests of this process; runs, batches, calls, rows, budgets, sources at rest and the freshness of the data as they stand in PostgreSQL. Workers serve the metrics of the Temporal SDK at `WORKER_METRICS_ADDRESS`.',
  responses: {
    200: {
      description: 'The text format of Prometheus',
      content: {
        'text/plain': {
          schema: z.string(),
          example:
            '# HELP ashare_sync_runs Runs that are kept, by job and status\n# TYPE ashare_sync_runs gauge\nashare_sync_runs{job="daily_history",status="success"} 3\n',
        },
      },
    },
  },
})

export type MetricsRoutes = typeof metrics

/** `/metrics`. */
export function metricsRoutes(deps: ApiDeps, registry: Registry): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const budgets = async () => (await viewSources(deps)).flatMap((source) => source.budgets)
  const read = storedMetrics(registry, deps.db.sql, budgets, deps.log)
  app.openapi(metrics, async (c) => {
    await read()
    return c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }) as never
  })
  return app
}
