import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readReportRows } from '../../db/queries/report-rows.ts'
import { DATASET_NAMES, isReportDataset, type ReportDataset } from '../../market/datasets.ts'
import { SOURCE_NAMES } from '../../market/sources.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { symbolList } from '../schemas/bars.ts'
import { dateInput, instant, tradeDate } from '../schemas/common.ts'
import { problems, tableMedia } from '../schemas/responses.ts'
import { conditional, formatInput, oneOf } from '../schemas/tables.ts'
import { answerTable } from '../tables/answer.ts'
import { askedStocks, marketInJson } from '../tables/asked.ts'
import { formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'

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

const query = z
  .strictObject({
    symbol: symbolList.optional(),
    statement: oneOf(STATEMENTS).optional(),
    from: dateInput.optional().openapi({ description: 'First report period', example: '2024-06-30' }),
    to: dateInput.optional().openapi({ description: 'Last report period' }),
    as_of: dateInput
      .optional()
      .openapi({ description: 'What the market knew on this day: versions published up to it' }),
    seen_by: dateInput
      .optional()
      .openapi({ description: 'What this service had brought before this day began (UTC)' }),
    versions: oneOf(['latest', 'all']).default('latest').openapi({
      description:
        '`latest`: of each period the newest version of the best source; `all`: every version of every source',
    }),
    format: formatInput,
  })
  .check((context) => {
    const { symbol, from } = context.value
    const message =
      'is missing: name companies, or give from= for the reports of all companies since a period'
    if (symbol === undefined && from === undefined)
      context.issues.push({ code: 'custom', path: ['symbol'], message, input: context.value })
  })

const answer = z
  .object({
    versions: z.string(),
    as_of: tradeDate.nullable(),
    seen_by: tradeDate.nullable(),
    data: z.array(report),
    count: z.number().int(),
  })
  .openapi('FinancialReports')

const CSV_EXAMPLE = [
  'symbol,source,statement,period_end,report_type,comp_type,ann_date,f_ann_date,update_flag,first_seen_at,field,value,text',
  '600519.SH,tushare,income,2024-06-30,1,1,2024-08-09,2024-08-09,0,2026-11-20T12:30:00.000Z,total_revenue,83450970000,',
].join('\r\n')

const list = createRoute({
  tags: ['Data'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/financials',
  operationId: 'listFinancials',
  summary: 'Statements and indicators of companies, newest period first',
  description:
    'Give `symbol`, or `from` without it for all companies (as CSV, Parquet or Arrow). JSON has a report a row, the other formats a figure a row: `value` where it is a number, else `text`.',
  request: { query, headers: conditional },
  responses: {
    200: { description: 'The reports', content: tableMedia(answer, CSV_EXAMPLE) },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'stock_not_found', 'too_many_reads'),
  },
})

export type FinancialRoutes = typeof list

/** `GET /api/financials`. */
export function financialRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const { symbol, statement, from, to, as_of, seen_by, versions } = query
    const format = formatOf(c, query.format)
    if (symbol === undefined && format === 'json') throw marketInJson()
    const wanted = {
      latest: versions === 'latest',
      ...(statement === undefined ? {} : { statement }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(as_of === undefined ? {} : { asOf: as_of }),
      ...(seen_by === undefined ? {} : { seenBy: `${seen_by}T00:00:00Z` }),
    }
    return await answerTable(c, deps, reads, {
      name: 'financials',
      open: async () => {
        const { instruments } = await askedStocks(deps.db.sql, { symbol })
        const shape = format === 'json' ? 'reports' : 'figures'
        return await readReportRows(deps.db.sql, instruments, wanted, shape)
      },
      about: { versions, as_of: as_of ?? null, seen_by: seen_by ?? null },
      format,
      // Any period may be published anew.
      isClosed: false,
      isExport: symbol === undefined,
    })
  })
  return app
}
