import { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps, ApiEnv } from './deps.ts'
import { localOnly } from './middleware/access.ts'
import { emptyBody, limitBody } from './middleware/body.ts'
import { invalidRequest, onError, onNotFound } from './middleware/errors.ts'
import { requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { barRoutes } from './routes/bars.ts'
import { coverageRoutes } from './routes/coverage.ts'
import { evidenceRoutes } from './routes/evidence.ts'
import { failureRoutes } from './routes/failures.ts'
import { financialRoutes } from './routes/financials.ts'
import { gapRoutes } from './routes/gaps.ts'
import { healthRoutes } from './routes/health.ts'
import { indexRoutes } from './routes/indices.ts'
import { multiSourceRoutes } from './routes/multi-source.ts'
import { planRoutes } from './routes/plan.ts'
import { runActionRoutes } from './routes/run-actions.ts'
import { runEventRoutes } from './routes/run-events.ts'
import { runRoutes } from './routes/runs.ts'
import { sourceRoutes } from './routes/sources.ts'
import { stockRoutes } from './routes/stocks.ts'
import { syncRoutes } from './routes/sync.ts'

const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'ashare-sync',
    version: '0.1.0',
    license: { name: 'MIT', identifier: 'MIT' },
    description:
      'Synchronises A-share market data into PostgreSQL. JSON in snake_case; instants in ISO 8601 UTC, trade dates YYYY-MM-DD. Lists page by `limit` and `cursor`. The groups marked "seed" answer `{success, message, data}`, the others the resource, and errors as problem+json with a stable `code`.',
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
  app.use(requestId, securityHeaders, localOnly, emptyBody, limitBody)
  app.onError(onError(deps))
  app.notFound(onNotFound)
  for (const routes of [
    syncRoutes,
    multiSourceRoutes,
    runRoutes,
    runActionRoutes,
    runEventRoutes,
    planRoutes,
    failureRoutes,
    coverageRoutes,
    gapRoutes,
    evidenceRoutes,
    financialRoutes,
    indexRoutes,
    sourceRoutes,
    stockRoutes,
    barRoutes,
    healthRoutes,
  ])
    app.route('/', routes(deps))
  app.doc31('/openapi.json', DOCUMENT)
  return app
}
