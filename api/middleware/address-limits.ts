import { createMiddleware } from 'hono/factory'
import type { RouteTable } from '../access/route-table.ts'
import type { ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'

// 16 KiB is where the server itself gives up without saying why; a list of 500 symbols takes five.
const MOST_CHARACTERS = 8_192

/** Addresses have an end. */
export const limitAddress = createMiddleware<ApiEnv>(async (c, next) => {
  if (c.req.url.length > MOST_CHARACTERS) {
    throw new Problem(
      'address_too_long',
      `path and query may have ${MOST_CHARACTERS} characters: ask for less at a time`,
    )
  }
  await next()
})

/** Routes with a query refuse what they do not know by themselves; this does it for those without. */
export const noUnknownQuery = (table: RouteTable) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const [name] = Object.keys(c.req.query())
    if (name !== undefined && table.takesNoQuery(c) && table.accessOf(c) !== 'anyone') {
      const field = name.slice(0, 60)
      const errors = [{ field, message: 'is not known here' }]
      throw new Problem('invalid_request', `${field}: is not known here`, { errors })
    }
    await next()
  })
