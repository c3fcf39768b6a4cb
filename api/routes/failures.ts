import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { type FailureRow, listFailures } from '../../db/queries/failures.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import {
  count,
  cursorInput,
  encodeCursor,
  instant,
  pageLimit,
  pageOf,
  runIdParam,
  tradeDate,
} from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'
import { numberIn } from './runs.ts'

const failure = z
  .object({
    id: count,
    job: z.string(),
    dataset: z.string().openapi({ example: 'bars' }),
    source: z.string().openapi({ example: 'tushare' }),
    symbol: z.string().nullable().openapi({ example: '600000.SH' }),
    from_date: tradeDate.nullable(),
    to_date: tradeDate.nullable(),
    error_class: z.string().openapi({ example: 'BadRequest' }),
    message: z.string(),
    run_id: z.string().openapi({ format: 'uuid' }),
    retry_count: count,
    max_retries: count,
    created_at: instant,
    last_attempt_at: instant,
    resolved_at: instant.nullable(),
    resolved_by: z
      .string()
      .nullable()
      .openapi({ description: 'The run whose success resolved it, or a person' }),
  })
  .openapi('Failure')

const list = createRoute({
  tags: ['Failures'],
  method: 'get',
  path: '/api/failures',
  operationId: 'listFailures',
  summary: 'What could not be fetched, newest first',
  request: {
    query: z.strictObject({
      run_id: runIdParam.shape.id.optional(),
      open: z
        .enum(['true', 'false'], 'must be true or false')
        .optional()
        .openapi({ description: 'true: only open ones; false: only resolved ones' }),
      limit: pageLimit,
      cursor: cursorInput.optional(),
    }),
  },
  responses: {
    200: json('A page of failures', pageOf('FailurePage', failure)),
    ...problems('invalid_request'),
  },
})

const toFailure = (row: FailureRow): z.output<typeof failure> => ({
  ...failure.parse(row),
  created_at: toIso(row.created_at) ?? row.created_at,
  last_attempt_at: toIso(row.last_attempt_at) ?? row.last_attempt_at,
  resolved_at: toIso(row.resolved_at),
})

/** `GET /api/failures`. */
export function failureRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { run_id: runId, open, limit, cursor } = c.req.valid('query')
    const filter = {
      runId,
      open: open === undefined ? undefined : open === 'true',
      before: numberIn(cursor),
      limit,
    }
    const rows = await listFailures(deps.db.sql, filter)
    const last = rows.length === limit ? rows.at(-1) : undefined
    return c.json({ items: rows.map(toFailure), next_cursor: last ? encodeCursor(last.id) : null }, 200)
  })
  return app
}
