import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { readAudit } from '../../db/queries/audit.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { auditEntry, keyName } from '../schemas/access.ts'
import { cursorInput, encodeCursor, pageLimit, pageOf } from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'
import { isRole } from '../../market/roles.ts'
import { numberIn } from './runs.ts'

const list = createRoute({
  tags: ['Access'],
  ...leastRole('admin'),
  method: 'get',
  path: '/api/audit',
  operationId: 'listAudit',
  summary: 'Who changed what, newest first',
  description: 'Every request that changes something, refused ones too, kept for 400 days.',
  request: {
    query: z.strictObject({
      actor: keyName.optional(),
      since: z.iso
        .datetime({ offset: true, error: 'must be an instant like 2026-11-20T12:30:00Z' })
        .optional()
        .openapi({ format: 'date-time', example: '2026-11-20T12:30:00Z' }),
      limit: pageLimit,
      cursor: cursorInput.optional(),
    }),
  },
  responses: {
    200: json('A page of entries', pageOf('AuditPage', auditEntry)),
    ...problems('invalid_request'),
  },
})

export type AuditRoutes = typeof list

/** `GET /api/audit`. */
export function auditRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { cursor, limit, actor, since } = c.req.valid('query')
    const rows = await readAudit(deps.db.sql, { actor, since, before: numberIn(cursor), limit })
    const last = rows.length === limit ? rows.at(-1) : undefined
    const items = rows.map((row) => ({
      ...row,
      at: toIso(row.at) ?? row.at,
      role: isRole(row.role) ? row.role : ('viewer' as const),
    }))
    return c.json({ items, next_cursor: last ? encodeCursor(last.id) : null }, 200)
  })
  return app
}
