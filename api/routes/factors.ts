import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readFactorRows } from '../../db/queries/factor-rows.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { symbolList } from '../schemas/bars.ts'
import { dateInput, tradeDate } from '../schemas/common.ts'
import { problems, tableMedia } from '../schemas/responses.ts'
import { conditional, formatInput, mixedDates, sourceOrBest } from '../schemas/tables.ts'
import { answerTable } from '../tables/answer.ts'
import { askedDates, askedStocks, marketInJson } from '../tables/asked.ts'
import { isClosed } from '../tables/closed.ts'
import { formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'

const query = z
  .strictObject({
    symbol: symbolList.optional(),
    date: dateInput.optional().openapi({ description: 'The whole market of one day', example: '2026-11-20' }),
    from: dateInput.optional().openapi({ description: 'First date; the first factor when left out' }),
    to: dateInput.optional().openapi({ description: 'Last date; the last factor when left out' }),
    source: sourceOrBest.openapi({
      description: '`best`: of each stock the factors of one source, which covers its life best',
    }),
    format: formatInput,
  })
  .check((context) => {
    for (const [field, message] of mixedDates(context.value))
      context.issues.push({ code: 'custom', path: [field], message, input: context.value })
  })

const answer = z
  .object({
    source: z.string(),
    data: z.array(
      z
        .object({
          symbol: z.string().openapi({ example: '600519.SH' }),
          trade_date: tradeDate,
          factor: z.number().openapi({ example: 7.8576 }),
          source: z.string().openapi({ example: 'tushare' }),
        })
        .openapi('AdjustmentFactor'),
    ),
    count: z.number().int(),
  })
  .openapi('AdjustmentFactors')

const list = createRoute({
  tags: ['Data'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/factors',
  operationId: 'readFactors',
  summary: 'Adjustment factors of some stocks, or of the whole market',
  description:
    'As their source serves them: some have a row for each session, some on ex-dates only, where one holds until the next one. Factors of two sources are on two scales. `/api/bars?adjust=` has prices that are adjusted already.',
  request: { query, headers: conditional },
  responses: {
    200: { description: 'The factors', content: tableMedia(answer) },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'stock_not_found', 'too_many_reads'),
  },
})

export type FactorRoutes = typeof list

/** `GET /api/factors`. */
export function factorRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const format = formatOf(c, query.format)
    const isMarket = query.symbol === undefined && query.date === undefined
    if (isMarket && format === 'json') throw marketInJson()
    const { source } = query
    const dates = askedDates(query, deps.now())
    return await answerTable(c, deps, reads, {
      name: 'factors',
      open: async () =>
        await readFactorRows(deps.db.sql, { ...(await askedStocks(deps.db.sql, query)), ...dates, source }),
      about: { source },
      format,
      moment: dates.to,
      isClosed: isClosed(dates.to, deps.now()),
      isExport: isMarket,
    })
  })
  return app
}
