import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readValuations } from '../../db/queries/valuation-rows.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { symbolList } from '../schemas/bars.ts'
import { dateInput } from '../schemas/common.ts'
import { problems, tableMedia } from '../schemas/responses.ts'
import { valuationFields } from '../schemas/stock.ts'
import { conditional, formatInput, mixedDates, moment, sourceOrBest } from '../schemas/tables.ts'
import { answerTable } from '../tables/answer.ts'
import { askedDates, askedStocks, marketInJson } from '../tables/asked.ts'
import { isClosed } from '../tables/closed.ts'
import { formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'

const query = z
  .strictObject({
    symbol: symbolList.optional(),
    date: dateInput.optional().openapi({ description: 'The whole market of one day', example: '2026-11-20' }),
    from: dateInput.optional().openapi({ description: 'First trade date; the first one when left out' }),
    to: dateInput.optional().openapi({ description: 'Last trade date; the last one when left out' }),
    source: sourceOrBest.openapi({
      description: '`best`: each group of fields from the best source that has it, which is named',
    }),
    as_of: moment
      .optional()
      .openapi({ description: 'As they were known then: an instant, or the end of a day' }),
    format: formatInput,
  })
  .check((context) => {
    for (const [field, message] of mixedDates(context.value))
      context.issues.push({ code: 'custom', path: [field], message, input: context.value })
  })

const source = z.string().nullable().optional()

const row = z
  .object({
    symbol: z.string(),
    ...valuationFields,
    turnover_source: source.openapi({ description: 'With `best`: whose value stands in a group of fields' }),
    annual_source: source,
    pe_ttm_source: source,
    pe_dynamic_source: source,
    pb_source: source,
    ps_ttm_source: source,
    pcf_ncf_ttm_source: source,
    shares_source: source,
    worth_source: source,
    source: z.string().optional().openapi({ description: 'With a source that was named' }),
  })
  .openapi('ValuationRow')

const answer = z
  .object({
    source: z.string(),
    as_of: z.string().nullable(),
    data: z.array(row),
    count: z.number().int(),
  })
  .openapi('Valuations')

const list = createRoute({
  tags: ['Data'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/valuation',
  operationId: 'readValuations',
  summary: 'Valuations of some stocks, or of the whole market',
  description:
    'Give `symbol` (with `from` and `to`), or `date` for the whole market of a day, or `from` without `symbol` for the whole market of many days (as CSV, Parquet or Arrow). Null is what no source serves, which is not zero.',
  request: { query, headers: conditional },
  responses: {
    200: { description: 'The valuations', content: tableMedia(answer) },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'stock_not_found', 'too_many_reads'),
  },
})

export type ValuationRoutes = typeof list

/** `GET /api/valuation`. */
export function valuationRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const { source, as_of = null } = query
    const format = formatOf(c, query.format)
    const isMarket = query.symbol === undefined && query.date === undefined
    if (isMarket && format === 'json') throw marketInJson()
    const dates = askedDates(query, deps.now())
    return await answerTable(c, deps, reads, {
      name: 'valuation',
      open: async () =>
        await readValuations(deps.db.sql, {
          ...(await askedStocks(deps.db.sql, query)),
          ...dates,
          source,
          asOf: as_of,
        }),
      about: { source, as_of },
      format,
      moment: dates.to,
      isClosed: isClosed(dates.to, deps.now()),
      isExport: isMarket,
    })
  })
  return app
}
