import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { sourceCounts } from '../../db/queries/run-sources.ts'
import { viewRun } from '../../db/queries/run-views.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { noSuchRun } from '../problems.ts'
import { count, pageOf, runIdParam } from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'

const counts = z
  .object({
    dataset: z.string().openapi({ example: 'bars' }),
    source: z.string().openapi({ example: 'tushare' }),
    calls: count.openapi({ description: 'Requests sent upstream, pages included' }),
    inserted: count,
    updated: count,
    unchanged: count,
    rejected: count,
  })
  .openapi('RunSource')

const list = createRoute({
  tags: ['Runs'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/runs/{id}/sources',
  operationId: 'listRunSources',
  summary: 'What each source has brought of each dataset in a run',
  request: { params: runIdParam },
  responses: {
    200: json('All of them', pageOf('RunSourcePage', counts)),
    ...problems('invalid_request', 'run_not_found'),
  },
})

export type RunSourceRoutes = typeof list

/** `GET /api/runs/{id}/sources`. */
export function runSourceRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const { sql } = deps.db
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { id } = c.req.valid('param')
    if (!(await viewRun(sql, id))) throw noSuchRun(id)
    return c.json({ items: await sourceCounts(sql, id), next_cursor: null }, 200)
  })
  return app
}
