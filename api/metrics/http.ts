import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import { Histogram, type Registry } from 'prom-client'
import type { ApiEnv } from '../deps.ts'

/** Counts and times every request by method, route and status; a route is its pattern, so that symbols make no series. */
export function measureRequests(registry: Registry) {
  const duration = new Histogram({
    name: 'ashare_sync_http_request_duration_seconds',
    help: 'Time from a request to the first byte of its answer, by route pattern and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers: [registry],
  })
  return createMiddleware<ApiEnv>(async (c, next) => {
    const began = performance.now()
    await next()
    const own = matchedRoutes(c).filter(({ path }) => path !== '*' && path !== '/*')
    // What nobody asked for by that name before would be a new series for each guess.
    const route = own.at(-1)?.path ?? 'none'
    const method = own.length > 0 ? c.req.method : 'any'
    duration.observe({ method, route, status: String(c.res.status) }, (performance.now() - began) / 1000)
  })
}
