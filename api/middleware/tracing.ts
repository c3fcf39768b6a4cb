import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import type { Tracing } from '../../tracing/tracing.ts'
import { parseTraceparent } from '../../workflows/contract/trace-context.ts'
import type { ApiEnv } from '../deps.ts'

// Asked every few seconds by machines: nothing to learn from, and most of all that there would be.
const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

/** A span for each request, by method and route pattern; a caller's own trace goes on in it. */
export const traceRequests = (tracing: Tracing) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    if (QUIET.has(c.req.path)) {
      await next()
      return
    }
    const parent = parseTraceparent(c.req.header('traceparent'))
    const attributes = { 'ashare.request_id': c.get('requestId') }
    await tracing.inSpan({ name: 'request', kind: 'server', parent, attributes }, async (span) => {
      await next()
      const own = matchedRoutes(c).filter(({ path }) => path !== '*' && path !== '/*')
      const route = own.at(-1)?.path ?? 'none'
      // Of a stranger's making where no route took it.
      const method = own.length > 0 ? c.req.method : '_OTHER'
      span.rename(`${method} ${route}`)
      span.set({
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': c.res.status,
      })
      if (c.res.status >= 500) span.fail(String(c.res.status))
    })
  })
