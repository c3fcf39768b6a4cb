import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import {
  countGates,
  listDifferences,
  listGates,
  listQuarantine,
  listRevisions,
} from '../../db/queries/evidence.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { idsOf, listOf, partsOf } from '../evidence-filter.ts'
import { encodeCursor, pageOf, runIdParam } from '../schemas/common.ts'
import { evidenceQuery } from '../schemas/completeness.ts'
import { difference, gate, GATE_STATES, gateSummary, refusedRow, revision } from '../schemas/evidence.ts'
import { json, problems } from '../schemas/responses.ts'
import { daysInOrder } from '../schemas/tables.ts'
import { numberIn } from './runs.ts'

const tags = ['Completeness']

const quality = createRoute({
  tags,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/quality',
  operationId: 'listQuality',
  summary: 'What verification found for each date, newest first, and how many dates are in which state',
  request: {
    query: z
      .strictObject({
        dataset: evidenceQuery.dataset,
        from: evidenceQuery.from,
        to: evidenceQuery.to,
        state: z.enum(GATE_STATES, `must be one of ${GATE_STATES.join(', ')}`).optional(),
        limit: evidenceQuery.limit,
        cursor: evidenceQuery.cursor,
      })
      .check(daysInOrder),
  },
  responses: {
    200: json(
      'A page of dates',
      pageOf('QualityPage', gate)
        .extend({ summary: z.array(gateSummary) })
        .openapi('Quality'),
    ),
    ...problems('invalid_request'),
  },
})

const agreement = createRoute({
  tags,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/agreement',
  operationId: 'listAgreement',
  summary: 'Values that two sources differ about by more than their tolerance, newest first',
  request: {
    query: z
      .strictObject({
        ...evidenceQuery,
        field: z.string().max(40).optional().openapi({ example: 'close' }),
        verdict: z.enum(['disputed', 'outvoted'], 'must be disputed or outvoted').optional(),
      })
      .check(daysInOrder),
  },
  responses: {
    200: json('A page of differences', pageOf('AgreementPage', difference)),
    ...problems('invalid_request'),
  },
})

const quarantine = createRoute({
  tags,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/quarantine',
  operationId: 'listQuarantine',
  summary: 'Rows that could not be true and were not stored, newest first',
  request: {
    query: z.strictObject({ ...evidenceQuery, run_id: runIdParam.shape.id.optional() }).check(daysInOrder),
  },
  responses: {
    200: json('A page of rows', pageOf('QuarantinePage', refusedRow)),
    ...problems('invalid_request'),
  },
})

const revisions = createRoute({
  tags,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/revisions',
  operationId: 'listRevisions',
  summary: 'Values that an upstream changed later: what they were, and what they became',
  request: { query: z.strictObject(evidenceQuery).check(daysInOrder) },
  responses: {
    200: json('A page of changes', pageOf('RevisionPage', revision)),
    ...problems('invalid_request'),
  },
})

/** Instants as they leave. */
const iso = (text: string): string => toIso(text) ?? text

const pageOfRows = <T extends { id: number }, U>(rows: T[], limit: number, to: (row: T) => U) => {
  const last = rows.length === limit ? rows.at(-1) : undefined
  return { items: rows.map(to), next_cursor: last ? encodeCursor(last.id) : null }
}

export type EvidenceRoutes = typeof quality | typeof agreement | typeof quarantine | typeof revisions

/** Gates, differences between sources, refused rows and corrections. */
export function evidenceRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const { sql } = deps.db
  app.openapi(quality, async (c) => {
    const { dataset: datasets, cursor, limit, ...query } = c.req.valid('query')
    const parts = partsOf(cursor, 2)
    const [date = '', dataset = ''] = parts ?? []
    const filter = { ...query, datasets }
    const rows = await listGates(sql, { ...filter, after: parts && { trade_date: date, dataset }, limit })
    const last = rows.length === limit ? rows.at(-1) : undefined
    const items = rows.map(({ trade_date, checked_at, ...row }) => ({
      ...row,
      date: trade_date,
      checked_at: iso(checked_at),
    }))
    const next_cursor = last ? encodeCursor(last.trade_date, last.dataset) : null
    return c.json({ summary: await countGates(sql, filter), items, next_cursor }, 200)
  })
  app.openapi(agreement, async (c) => {
    const { dataset: datasets, symbol, cursor, ...query } = c.req.valid('query')
    const filter = {
      ...query,
      datasets,
      instruments: await idsOf(deps, listOf(symbol)),
      before: numberIn(cursor),
    }
    const page = pageOfRows(await listDifferences(sql, filter), query.limit, ({ trade_date, ...row }) => ({
      ...row,
      date: trade_date,
      first_seen_at: iso(row.first_seen_at),
      last_seen_at: iso(row.last_seen_at),
    }))
    return c.json(page, 200)
  })
  app.openapi(quarantine, async (c) => {
    const { dataset: datasets, symbol, run_id: runId, cursor, ...query } = c.req.valid('query')
    const filter = { ...query, datasets, symbols: listOf(symbol), runId, before: numberIn(cursor) }
    const page = pageOfRows(await listQuarantine(sql, filter), query.limit, ({ trade_date, ...row }) => ({
      ...row,
      date: trade_date,
      at: iso(row.at),
    }))
    return c.json(page, 200)
  })
  app.openapi(revisions, async (c) => {
    const { dataset: datasets, symbol, cursor, ...query } = c.req.valid('query')
    const filter = {
      ...query,
      datasets,
      instruments: await idsOf(deps, listOf(symbol)),
      before: numberIn(cursor),
    }
    const page = pageOfRows(await listRevisions(sql, filter), query.limit, ({ trade_date, ...row }) => ({
      ...row,
      date: trade_date,
      known_from: iso(row.known_from),
      known_to: iso(row.known_to),
    }))
    return c.json(page, 200)
  })
  return app
}
