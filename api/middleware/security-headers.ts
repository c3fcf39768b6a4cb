import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from '../deps.ts'

// Answers are data: no page may run them, frame them or keep them. A page of ours sets its own policy.
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
} as const

export const securityHeaders = createMiddleware<ApiEnv>(async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
})
