import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { acceptGaps, type Gap, GAP_REASONS, listGaps, reopenGaps } from '../../db/queries/gaps.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { idsOf, listOf, partsOf } from '../evidence-filter.ts'
import {
  count,
  dateInput,
  encodeCursor,
  instant,
  pageOf,
  rowSource,
  symbolsInput,
  tradeDate,
} from '../schemas/common.ts'
import { evidenceQuery } from '../schemas/completeness.ts'
import { datasetsInput } from '../schemas/dataset.ts'
import { body, HAS_A_BODY, json, problems } from '../schemas/responses.ts'
import { daysInOrder } from '../schemas/tables.ts'

const gap = z
  .object({
    dataset: z.string().openapi({ example: 'bars' }),
    symbol: z.string().openapi({ example: '600000.SH' }),
    date: tradeDate,
    source: z.string().openapi({ example: 'tushare', description: 'Whose answer lacks it' }),
    reason: z.string().openapi({ example: 'missing' }),
    wanted: z.boolean().openapi({ description: 'Runs ask for it again' }),
    since: instant,
    last_seen_at: instant,
    answers: count.openapi({ description: 'Complete answers that lacked it' }),
    accepted_at: instant.nullable().openapi({ example: null }),
    accepted_by: z.string().nullable().openapi({ example: null }),
  })
  .openapi('Gap')

const list = createRoute({
  tags: ['Completeness'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/gaps',
  operationId: 'listGaps',
  summary: 'Cells that a source was asked for and that have no row, newest dates first',
  request: {
    query: z
      .strictObject({
        ...evidenceQuery,
        reason: z.enum(GAP_REASONS, `must be one of ${GAP_REASONS.join(', ')}`).optional(),
        wanted: z
          .enum(['true', 'false'], 'must be true or false')
          .optional()
          .openapi({ description: 'true: only those that runs ask for again' }),
      })
      .check(daysInOrder),
  },
  responses: { 200: json('A page of gaps', pageOf('GapPage', gap)), ...problems('invalid_request') },
})

const gapSelection = z
  .strictObject({
    dataset: datasetsInput,
    symbols: symbolsInput.optional(),
    from: dateInput,
    to: dateInput,
    source: rowSource.optional(),
  })
  .check(daysInOrder)
  .openapi('GapSelection')

const SELECTION = { dataset: 'bars', symbols: ['600000'], from: '1991-04-06', to: '1991-04-06' }
const changed = z
  .object({ changed: count.openapi({ description: 'Gaps that are different now' }) })
  .openapi('ChangedGaps')

const accept = createRoute({
  tags: ['Completeness'],
  ...leastRole('operator'),
  method: 'post',
  path: '/api/gaps/accept',
  operationId: 'acceptGaps',
  summary: 'Takes gaps for granted: they are shown, and not asked for again',
  request: { body: body(gapSelection, true, SELECTION) },
  responses: {
    200: json('How many were accepted', changed, { changed: 1 }),
    ...problems(...HAS_A_BODY),
  },
})

const reopen = createRoute({
  tags: ['Completeness'],
  ...leastRole('operator'),
  method: 'post',
  path: '/api/gaps/reopen',
  operationId: 'reopenGaps',
  summary: 'Asks again for gaps that were accepted or are absent upstream',
  request: { body: body(gapSelection, true, SELECTION) },
  responses: {
    200: json('How many were reopened', changed, { changed: 1 }),
    ...problems(...HAS_A_BODY),
  },
})

const toGap = (row: Gap): z.output<typeof gap> => ({
  dataset: row.dataset,
  symbol: row.symbol,
  date: row.trade_date,
  source: row.source,
  reason: row.reason,
  wanted: row.reason !== 'absent_upstream' && row.accepted_at === null,
  since: toIso(row.first_seen_at) ?? row.first_seen_at,
  last_seen_at: toIso(row.last_seen_at) ?? row.last_seen_at,
  answers: row.answers,
  accepted_at: toIso(row.accepted_at),
  accepted_by: row.accepted_by,
})

export type GapRoutes = typeof list | typeof accept | typeof reopen

/** `GET /api/gaps`, and what a person decides about them. */
export function gapRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const { sql } = deps.db
  app.openapi(list, async (c) => {
    const {
      dataset: datasets,
      symbol,
      source,
      from,
      to,
      reason,
      wanted,
      limit,
      cursor,
    } = c.req.valid('query')
    const parts = partsOf(cursor, 4)
    const [date = '', dataset = '', id = '', of = ''] = parts ?? []
    const rows = await listGaps(sql, {
      datasets,
      instruments: await idsOf(deps, listOf(symbol)),
      source,
      from,
      to,
      reason,
      wanted: wanted === undefined ? undefined : wanted === 'true',
      after: parts && { trade_date: date, dataset, instrument_id: Number(id), source: of },
      limit,
    })
    const last = rows.length === limit ? rows.at(-1) : undefined
    const next = last ? encodeCursor(last.trade_date, last.dataset, last.instrument_id, last.source) : null
    return c.json({ items: rows.map(toGap), next_cursor: next }, 200)
  })
  const filterOf = async (selection: z.output<typeof gapSelection>) => ({
    datasets: selection.dataset,
    instruments: await idsOf(deps, selection.symbols),
    source: selection.source,
    from: selection.from,
    to: selection.to,
  })
  app.openapi(accept, async (c) => {
    const filter = await filterOf(c.req.valid('json'))
    return c.json({ changed: await acceptGaps(sql, filter, c.get('caller')?.name ?? 'local') }, 200)
  })
  app.openapi(reopen, async (c) =>
    c.json({ changed: await reopenGaps(sql, await filterOf(c.req.valid('json'))) }, 200),
  )
  return app
}
