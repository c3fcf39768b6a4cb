import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { withoutParameters } from '../../db/errors.ts'
import { insertAudit } from '../../db/queries/audit.ts'
import { addressOf } from '../access/caller.ts'
import type { RouteTable } from '../access/route-table.ts'
import { summaryOf } from '../access/summary.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { isSafe } from './same-site.ts'

const MOST_PATH = 200

/**
 * Writes down every request of a known caller that changes something, refused ones too. It is there before the answer is,
 * so that whoever has the answer finds it. Those of nobody are only logged: a stranger must not be able to fill a table.
 */
export const audit = (deps: Pick<ApiDeps, 'db' | 'log' | 'redact'>, table: RouteTable) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const began = performance.now()
    // Before anything else: a caller that has left has no address any more.
    const address = addressOf(c)
    await next()
    const { method, path } = c.req
    const caller = c.get('caller')
    // A route for viewers reads, whatever its method, e.g. a dry run with a large body.
    const changes = !isSafe(method) && table.accessOf(c) !== 'viewer'
    const requestId = c.get('requestId')
    const { status } = c.res
    const ms = Math.round(performance.now() - began)
    const line = { requestId, method, path: path.slice(0, MOST_PATH), status, ms, caller: caller?.name }
    deps.log[changes ? 'info' : 'debug'](line, 'request')
    if (!changes || !caller) return
    try {
      await insertAudit(deps.db.sql, {
        actor: caller.name,
        role: caller.role,
        address,
        requestId,
        method,
        path: line.path,
        status,
        summary: await askedFor(c, deps),
      })
    } catch (error) {
      const reason = deps.redact(String(withoutParameters(error)))
      deps.log.error({ ...line, reason }, 'a change could not be written to the audit log')
    }
  })

/** What the query and the body asked for; a body that the route did not read is not read here. */
async function askedFor(c: Context<ApiEnv>, { redact }: Pick<ApiDeps, 'redact'>): Promise<string | null> {
  const words = [summaryOf(c.req.query()), summaryOf(await bodyOf(c))].filter((text) => text !== null)
  return words.length === 0 ? null : redact(words.join(', '))
}

async function bodyOf(c: Context<ApiEnv>): Promise<unknown> {
  try {
    // A promise, whatever its type says.
    const read: unknown = c.req.bodyCache.text
    const text = await (read as Promise<unknown> | undefined)
    return typeof text === 'string' ? JSON.parse(text) : null
  } catch {
    return null
  }
}
