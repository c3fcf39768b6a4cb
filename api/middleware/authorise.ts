import { createMiddleware } from 'hono/factory'
import type { Gate } from '../access/gate.ts'
import type { RouteTable } from '../access/route-table.ts'
import type { ApiEnv } from '../deps.ts'
import { isSafe } from './same-site.ts'

/** Lets a request through to its route when its caller may call that. */
export const authorise = (gate: Gate, table: RouteTable) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const least = table.accessOf(c)
    // Nothing is there: the answer is 404 for everybody.
    if (least === null) return await next()
    // To log in is a change of nothing; who fails at it is counted there, and cannot keep others out.
    if (least === 'anyone') return await next()
    const caller = await gate.admit(c)
    // Before anybody hears of the caller: a flood of changes must not become a flood of audit entries.
    if (!isSafe(c.req.method)) gate.countChange(c, caller)
    c.set('caller', caller)
    gate.require(caller, least)
    await next()
  })
