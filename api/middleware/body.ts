import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import type { RouteTable } from '../access/route-table.ts'
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

// US-ASCII is a part of UTF-8.
const UTF_8 = new Set(['utf-8', 'utf8', 'us-ascii'])

/** A body that says to be in another encoding would be read as what it is not: JSON is UTF-8. */
export const onlyUtf8 = (table: RouteTable) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(c.req.header('content-type') ?? '') ?? []
    if (charset !== undefined && !UTF_8.has(charset.toLowerCase()) && table.takesBody(c))
      throw new Problem('unsupported_media_type', 'send JSON in UTF-8, with Content-Type: application/json')
    await next()
  })

/** On the wire a body is announced by one of two headers; a request that was made inside this process has neither. */
function isEmpty({ req, env }: Context<ApiEnv>): boolean {
  const length = req.header('content-length')
  if (length !== undefined) return length === '0'
  const wire = typeof env === 'object' && env !== null && 'incoming' in env
  return wire && req.header('transfer-encoding') === undefined
}
