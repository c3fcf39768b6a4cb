import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { AccessSettings } from '../access/settings.ts'
import type { ApiEnv } from '../deps.ts'

const PREFLIGHT_SECONDS = 600

/**
 * Pages of the configured origins may read answers; without any nobody is told anything. Without credentials: such a page
 * brings a key of its own, and never the cookie of the console.
 */
export const crossOrigin = ({ corsOrigins }: AccessSettings): MiddlewareHandler<ApiEnv> =>
  corsOrigins.length === 0
    ? (_, next) => next()
    : cors({
        origin: [...corsOrigins],
        allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allowHeaders: [
          'Authorization',
          'X-API-Key',
          'Content-Type',
          'If-None-Match',
          'Last-Event-ID',
          'X-Request-Id',
        ],
        exposeHeaders: ['ETag', 'Location', 'Retry-After', 'X-Request-Id'],
        maxAge: PREFLIGHT_SECONDS,
      })
