import { randomUUID } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from '../deps.ts'

// Goes into logs, headers and the database: nothing that could break a line or a query there.
const SANE = /^[\w.:-]{1,64}$/

/** Every request has an id: the caller's own when it is a sane one. It comes back and stays with the run. */
export const requestId = createMiddleware<ApiEnv>(async (c, next) => {
  const given = c.req.header('x-request-id')
  const id = given !== undefined && SANE.test(given) ? given : randomUUID()
  c.set('requestId', id)
  c.header('X-Request-Id', id)
  await next()
})
