import { createMiddleware } from 'hono/factory'
import { hostOf, isLoopback, isOwnOrigin } from '../access/hosts.ts'
import type { AccessSettings } from '../access/settings.ts'
import type { ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** True for methods that change nothing. */
export const isSafe = (method: string): boolean => SAFE_METHODS.has(method)

/**
 * Keeps out pages of other sites, which can make a browser on this machine send requests: the name that they were loaded
 * under stands in `Host` (DNS rebinding), their origin in `Origin` (CSRF). Keys do not replace this, since a console that
 * is open in the same browser has a cookie.
 */
export const sameSite = ({ allowedHosts, corsOrigins }: AccessSettings) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const authority = c.req.header('host') ?? new URL(c.req.url).host
    const host = hostOf(authority)
    if (host === null || !(isLoopback(host) || allowedHosts.includes(host))) {
      throw new Problem(
        'foreign_host',
        'use http://127.0.0.1 or http://localhost with the port of this service, or have the name added to ALLOWED_HOSTS',
      )
    }
    const origin = c.req.header('origin')
    const isGuest = origin !== undefined && corsOrigins.includes(origin)
    const site = c.req.header('sec-fetch-site')
    if (!isGuest && !isSafe(c.req.method)) refuseForeign(origin, site, authority)
    // It could read nothing of the answer, but have this service work for it. A link may lead here.
    if (!isGuest && site === 'cross-site' && c.req.header('sec-fetch-mode') !== 'navigate')
      refuseForeign(origin, site, authority)
    await next()
  })

function refuseForeign(origin: string | undefined, site: string | undefined, authority: string): void {
  if (!isOwnOrigin(origin, authority) || site === 'cross-site') {
    throw new Problem(
      'foreign_origin',
      'requests are taken from the console and from programs, not from other sites (CORS_ORIGINS names those that may)',
    )
  }
}
