import { OpenAPIHono } from '@hono/zod-openapi'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { ApiDeps, ApiEnv } from './deps.ts'
import { documentOf } from './access/document.ts'
import { Gate } from './access/gate.ts'
import { RouteTable } from './access/route-table.ts'
import { consoleRoutes } from './console/routes.ts'
import { measureRequests } from './metrics/http.ts'
import { checkQuery, limitAddress } from './middleware/address-limits.ts'
import { audit } from './middleware/audit.ts'
import { authorise } from './middleware/authorise.ts'
import { emptyBody, limitBody, onlyUtf8 } from './middleware/body.ts'
import { crossOrigin } from './middleware/cross-origin.ts'
import { invalidRequest, onError, onNotFound } from './middleware/errors.ts'
import { requestId } from './middleware/request-id.ts'
import { sameSite } from './middleware/same-site.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { traceRequests } from './middleware/tracing.ts'
import { auditRoutes } from './routes/audit.ts'
import { barRoutes } from './routes/bars.ts'
import { calendarRoutes } from './routes/calendar.ts'
import { coverageRoutes } from './routes/coverage.ts'
import { datasetRoutes } from './routes/datasets.ts'
import { docsRoutes } from './routes/docs.ts'
import { evidenceRoutes } from './routes/evidence.ts'
import { factorRoutes } from './routes/factors.ts'
import { failureRoutes } from './routes/failures.ts'
import { financialRoutes } from './routes/financials.ts'
import { gapRoutes } from './routes/gaps.ts'
import { healthRoutes } from './routes/health.ts'
import { indexRoutes } from './routes/indices.ts'
import { keyRoutes } from './routes/keys.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { multiPeriodRoutes } from './routes/multi-period.ts'
import { multiSourceRoutes } from './routes/multi-source.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { planRoutes } from './routes/plan.ts'
import { runActionRoutes } from './routes/run-actions.ts'
import { runEventRoutes } from './routes/run-events.ts'
import { runSourceRoutes } from './routes/run-sources.ts'
import { runRoutes } from './routes/runs.ts'
import { schedulerRoutes } from './routes/scheduler.ts'
import { serviceRoutes } from './routes/service.ts'
import { sessionRoutes } from './routes/session.ts'
import { sourceRoutes } from './routes/sources.ts'
import { stockRoutes } from './routes/stocks.ts'
import { syncHistoryRoutes } from './routes/sync-history.ts'
import { syncListRoutes } from './routes/sync-lists.ts'
import { syncRoutes } from './routes/sync.ts'
import { valuationRoutes } from './routes/valuation.ts'
import { createReads } from './tables/reads.ts'

const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'ashare-sync',
    version: '0.1.0',
    license: { name: 'MIT', identifier: 'MIT' },
    description:
      'Synchronises A-share market data into PostgreSQL. JSON in snake_case; instants in ISO 8601 UTC, trade dates YYYY-MM-DD. Lists page by `limit` and `cursor`. The groups marked "seed" answer `{success, message, data}`, the others the resource, and errors as problem+json with a stable `code`. A path that is asked with a method that it does not have answers 405 (`method_not_allowed`) with `Allow`, one that there is not 404 (`not_found`).',
  },
  // Relative: the document is right under whatever name the service is reached.
  servers: [{ url: '/' }],
}

/** The whole HTTP service; listening is up to the caller. */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error)
    },
  })
  const gate = new Gate(deps.db.sql, deps.access)
  const table = new RouteTable(app)
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  app.use(
    measureRequests(metrics),
    requestId,
    ...(deps.tracing ? [traceRequests(deps.tracing)] : []),
    securityHeaders,
    limitAddress,
    sameSite(deps.access),
    crossOrigin(deps.access),
  )
  app.use(
    audit(deps, table),
    authorise(gate, table),
    checkQuery(table),
    emptyBody,
    limitBody,
    onlyUtf8(table),
  )
  app.onError(onError(deps))
  app.notFound(onNotFound(table))
  for (const routes of [
    syncRoutes,
    syncHistoryRoutes,
    syncListRoutes,
    schedulerRoutes,
    multiPeriodRoutes,
    multiSourceRoutes,
    runRoutes,
    runActionRoutes,
    runEventRoutes,
    runSourceRoutes,
    planRoutes,
    failureRoutes,
    notificationRoutes,
    coverageRoutes,
    datasetRoutes,
    gapRoutes,
    evidenceRoutes,
    sourceRoutes,
    serviceRoutes,
  ])
    app.route('/', routes(deps))
  const reads = createReads(deps.db.sql)
  for (const routes of [
    barRoutes,
    valuationRoutes,
    calendarRoutes,
    factorRoutes,
    financialRoutes,
    indexRoutes,
    stockRoutes,
  ])
    app.route('/', routes(deps, reads))
  for (const routes of [sessionRoutes, keyRoutes, healthRoutes]) app.route('/', routes(deps, gate))
  app.route('/', auditRoutes(deps))
  app.route('/', docsRoutes())
  app.route('/', consoleRoutes())
  app.route('/', metricsRoutes(deps, metrics))
  let document: ReturnType<typeof documentOf> | undefined
  app.get('/openapi.json', (c) => c.json((document ??= documentOf(app, DOCUMENT))))
  return app
}
