import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** True for names and addresses of this machine, without port. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return (
    name === 'localhost' || name === '::1' || name === '::ffff:127.0.0.1' || /^127(\.\d{1,3}){3}$/.test(name)
  )
}

/** `host[:port]` → host; null when it is no such thing. */
function hostOf(authority: string): string | null {
  return URL.canParse(`http://${authority}/`) ? new URL(`http://${authority}/`).hostname : null
}

/**
 * Who may call while there are no keys: this machine only. A page of another site can make a browser here send requests;
 * its own name in `Host` (DNS rebinding) and its origin (CSRF) tell it.
 */
export const localOnly = createMiddleware<ApiEnv>(async (c, next) => {
  const authority = c.req.header('host') ?? new URL(c.req.url).host
  const host = hostOf(authority)
  if (host === null || !isLoopback(host)) {
    throw new Problem(
      'foreign_host',
      'use http://127.0.0.1 or http://localhost with the port of this service',
    )
  }
  if (!SAFE_METHODS.has(c.req.method))
    refuseForeign(c.req.header('origin'), c.req.header('sec-fetch-site'), authority)
  await next()
})

function refuseForeign(origin: string | undefined, site: string | undefined, authority: string): void {
  const own = origin === undefined || origin === `http://${authority}` || origin === `https://${authority}`
  if (!own || site === 'cross-site') {
    throw new Problem(
      'foreign_origin',
      'changes are taken from the console and from programs, not from other sites',
    )
  }
}
