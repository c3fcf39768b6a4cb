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

const UNKNOWN = 'is not known here'
const REPEATED = 'is given more than once: give it once, and several values of it with commas between them'

/**
 * What routes do not see by themselves: a parameter where there are none, and one that is given twice, of which schemas would say
 * that it is no text.
 */
export const checkQuery = (table: RouteTable) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const given = Object.entries(c.req.queries())
    if (given.length > 0 && !['anyone', null].includes(table.accessOf(c))) {
      const takesNone = table.takesNoQuery(c)
      const [name] = given.find(([, values]) => takesNone || values.length > 1) ?? []
      if (name !== undefined) throw wrongParameter(name.slice(0, 60), takesNone ? UNKNOWN : REPEATED)
    }
    await next()
  })

const wrongParameter = (field: string, message: string): Problem =>
  new Problem('invalid_request', `${field}: ${message}`, { errors: [{ field, message }] })
