import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import {
  type FailureRow,
  listFailures,
  resolveFailure,
  retryableFailures,
} from '../../db/queries/failures.ts'
import type { RunParams } from '../../market/run-params.ts'
import { SOURCE_ERRORS, type SourceErrorClass } from '../../market/source-errors.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { idsOf, listOf } from '../evidence-filter.ts'
import { noSuchFailure } from '../problems.ts'
import { startRun } from '../runs/start.ts'
import {
  count,
  cursorInput,
  datasetName,
  dateInput,
  encodeCursor,
  instant,
  jobName,
  pageLimit,
  pageOf,
  runIdParam,
  sourceName,
  symbolInput,
  symbolsInput,
  tradeDate,
} from '../schemas/common.ts'
import { body, json, problems, STARTS_A_RUN } from '../schemas/responses.ts'
import { run } from '../schemas/run.ts'
import { numberIn, readRun } from './runs.ts'

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

const ERROR_CLASSES = Object.keys(SOURCE_ERRORS) as SourceErrorClass[]

const list = createRoute({
  tags: ['Failures'],
  ...leastRole('viewer'),
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
      dataset: datasetName.optional(),
      source: sourceName.optional(),
      symbol: symbolInput.optional(),
      job: jobName.optional(),
      error_class: z
        .enum(ERROR_CLASSES, `must be one of ${ERROR_CLASSES.join(', ')}`)
        .optional()
        .openapi({ example: 'BadRequest' }),
      limit: pageLimit,
      cursor: cursorInput.optional(),
    }),
  },
  responses: {
    200: json('A page of failures', pageOf('FailurePage', failure)),
    ...problems('invalid_request'),
  },
})

const retrySelection = z
  .strictObject({
    ids: z
      .array(z.int().min(1), 'must be a list of ids')
      .min(1, 'is empty: leave it out for all that have tries left')
      .max(10_000)
      .optional()
      .openapi({ description: 'These, whatever tries they have left', example: [17] }),
    symbols: symbolsInput.optional(),
    start_date: dateInput.optional(),
    end_date: dateInput.optional(),
  })
  .openapi('FailureSelection')

const retry = createRoute({
  tags: ['Failures'],
  ...leastRole('operator'),
  method: 'post',
  path: '/api/failures/retry',
  operationId: 'retryFailures',
  summary: 'Try what failed once more, of whichever runs',
  description:
    'Starts the job `retry_failures`: what came with other runs meanwhile is resolved without a call, the rest is packed into as few calls as it takes. `run` is null where nothing is open that may be tried.',
  request: { body: body(retrySelection, false, { ids: [17] }) },
  responses: {
    200: json(
      'The run',
      z
        .object({
          failures: count.openapi({ description: 'Tried by the run' }),
          run: z.union([run, z.null()]),
        })
        .openapi('RetriedFailures'),
      { failures: 0, run: null },
    ),
    ...problems(...STARTS_A_RUN),
  },
})

const resolve = createRoute({
  tags: ['Failures'],
  ...leastRole('operator'),
  method: 'post',
  path: '/api/failures/{id}/resolve',
  operationId: 'resolveFailure',
  summary: 'Take a failure for settled: it is not tried again',
  description: 'What it lacks stays uncovered; if it is never to be asked for, accept it as a gap.',
  request: {
    params: z.object({
      id: z
        .string()
        .regex(/^\d{1,15}$/, 'must be the id of a failure')
        .openapi({ example: '17' }),
    }),
  },
  responses: {
    200: json('The failure as it is now', failure),
    ...problems('invalid_request', 'foreign_origin', 'failure_not_found'),
  },
})

const toFailure = (row: FailureRow): z.output<typeof failure> => ({
  ...failure.parse(row),
  created_at: toIso(row.created_at) ?? row.created_at,
  last_attempt_at: toIso(row.last_attempt_at) ?? row.last_attempt_at,
  resolved_at: toIso(row.resolved_at),
})

export type FailureRoutes = typeof list | typeof retry | typeof resolve

/** `GET /api/failures`, and what a person does about them. */
export function failureRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { run_id: runId, open, limit, cursor, symbol, ...rest } = c.req.valid('query')
    const filter = {
      runId,
      open: open === undefined ? undefined : open === 'true',
      dataset: rest.dataset,
      source: rest.source,
      job: rest.job,
      errorClass: rest.error_class,
      instruments: await idsOf(deps, listOf(symbol)),
      before: numberIn(cursor),
      limit,
    }
    const rows = await listFailures(deps.db.sql, filter)
    const last = rows.length === limit ? rows.at(-1) : undefined
    return c.json({ items: rows.map(toFailure), next_cursor: last ? encodeCursor(last.id) : null }, 200)
  })
  app.openapi(retry, async (c) => {
    const { ids, symbols, start_date, end_date } = c.req.valid('json')
    const instruments = (await idsOf(deps, symbols)) ?? undefined
    const found = await retryableFailures(deps.db.sql, { ids, instruments, from: start_date, to: end_date })
    if (found.length === 0) return c.json({ failures: 0, run: null }, 200)
    const params: RunParams = {
      ...(ids && { failures: found.map(({ id }) => id) }),
      ...(symbols && { symbols }),
      ...(start_date && { start_date }),
      ...(end_date && { end_date }),
    }
    const asked = { job: 'retry_failures', params, force: false, requestId: c.get('requestId') } as const
    const { row } = await startRun(deps, asked)
    return c.json({ failures: found.length, run: await readRun(deps, row.id) }, 200)
  })
  app.openapi(resolve, async (c) => {
    const { id } = c.req.valid('param')
    const row = await resolveFailure(deps.db.sql, Number(id), c.get('caller')?.name ?? 'operator')
    if (!row) throw noSuchFailure(id)
    return c.json(toFailure(row), 200)
  })
  return app
}
