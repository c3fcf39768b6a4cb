import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'

export const MAX_BODY_BYTES = 1024 * 1024

/** Bodies over 1 MiB are refused, by their announced length or while they come. */
export const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new Problem(
      'body_too_large',
      'a body may have 1 MiB: ask for fewer symbols, or for none, which means all',
    )
  },
})

/** A POST without any body means one without fields, whatever its content type says. */
export const emptyBody = createMiddleware<ApiEnv>(async (c, next) => {
  if (c.req.method === 'POST' && isEmpty(c)) c.req.raw.headers.delete('content-type')
  await next()
})

/** On the wire a body is announced by one of two headers; a request that was made inside this process has neither. */
function isEmpty({ req, env }: Context<ApiEnv>): boolean {
  const length = req.header('content-length')
  if (length !== undefined) return length === '0'
  const wire = typeof env === 'object' && env !== null && 'incoming' in env
  return wire && req.header('transfer-encoding') === undefined
}
