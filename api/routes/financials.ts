import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type FinancialReport, readFinancials } from '../../db/queries/financials.ts'
import { DATASET_NAMES, isReportDataset, type ReportDataset } from '../../market/datasets.ts'
import { SOURCE_NAMES } from '../../market/sources.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { dateInput, instant, symbolInput, tradeDate } from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'

const STATEMENTS = DATASET_NAMES.filter(isReportDataset) as [ReportDataset, ...ReportDataset[]]

const report = z
  .object({
    symbol: z.string().openapi({ example: '600519.SH' }),
    source: z.enum(SOURCE_NAMES as [string, ...string[]]),
    statement: z.enum(STATEMENTS),
    period_end: tradeDate,
    report_type: z.string().openapi({ description: "Tushare's numbers; 1: consolidated", example: '1' }),
    comp_type: z.string().nullable().openapi({
      description: '1 industry and trade, 2 banks, 3 insurers, 4 securities: they fill different fields',
    }),
    ann_date: tradeDate.nullable().openapi({ description: 'When the first version was announced' }),
    f_ann_date: tradeDate.nullable().openapi({ description: 'When this version was published' }),
    update_flag: z.string().nullable().openapi({ description: '1 corrected, 0 as first published' }),
    first_seen_at: instant,
    items: z.record(z.string(), z.union([z.number(), z.string()])).openapi({
      description: 'Field → figure, in yuan, yuan a share or percent; what was not served is left out',
      example: { total_revenue: 46484969041.5 },
    }),
  })
  .openapi('FinancialReport')

const list = createRoute({
  tags: ['Data'],
  method: 'get',
  path: '/api/financials',
  operationId: 'listFinancials',
  summary: 'Statements and indicators of a company, newest period first',
  request: {
    query: z.strictObject({
      symbol: symbolInput,
      statement: z.enum(STATEMENTS, `must be one of ${STATEMENTS.join(', ')}`).optional(),
      from: dateInput.optional().openapi({ description: 'First report period' }),
      to: dateInput.optional().openapi({ description: 'Last report period' }),
      as_of: dateInput
        .optional()
        .openapi({ description: 'What the market knew on this day: versions published up to it' }),
      seen_by: dateInput
        .optional()
        .openapi({ description: 'What this service had brought before this day began (UTC)' }),
      versions: z.enum(['latest', 'all'], 'must be latest or all').default('latest').openapi({
        description:
          '`latest`: of each period the newest version of the best source; `all`: every version of every source',
      }),
      format: z
        .enum(['json', 'csv'], 'must be json or csv')
        .optional()
        .openapi({ description: 'JSON unless this or `Accept` says CSV' }),
    }),
  },
  responses: {
    200: {
      description: 'The reports; as CSV one line a figure',
      content: {
        ...json('', z.object({ items: z.array(report) }).openapi('FinancialReports')).content,
        'text/csv': { schema: z.string() },
      },
    },
    ...problems('invalid_request', 'not_found'),
  },
})

/** `GET /api/financials`. */
export function financialRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { symbol, statement, from, to, as_of, seen_by, versions, format } = c.req.valid('query')
    const rows = await readFinancials(deps.db.sql, {
      symbol,
      latest: versions === 'latest',
      ...(statement === undefined ? {} : { statement }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(as_of === undefined ? {} : { asOf: as_of }),
      ...(seen_by === undefined ? {} : { seenBy: `${seen_by}T00:00:00Z` }),
    })
    if (rows === null) throw new Problem('not_found', `no stock list names ${symbol}: run stock_list first`)
    const isCsv = format === 'csv' || (format === undefined && c.req.header('accept')?.startsWith('text/csv'))
    if (isCsv) return c.body(csvOf(rows), 200, { 'content-type': 'text/csv; charset=utf-8' })
    return c.json({ items: rows }, 200)
  })
  return app
}

const HEAD = [
  'symbol',
  'source',
  'statement',
  'period_end',
  'report_type',
  'comp_type',
  'ann_date',
  'f_ann_date',
  'update_flag',
  'first_seen_at',
] as const

/** One line a figure: statements of banks and of industry have different fields. None of the values needs quotes. */
function csvOf(rows: readonly FinancialReport[]): string {
  const lines = rows.flatMap((row) => {
    const key = HEAD.map((column) => row[column] ?? '').join(',')
    return Object.entries(row.items).map(([field, value]) => `${key},${field},${value}`)
  })
  return [`${HEAD.join(',')},field,value`, ...lines, ''].join('\n')
}
