import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { readBars } from '../../db/queries/bars.ts'
import { readMarketBars } from '../../db/queries/market-bars.ts'
import { settledThrough } from '../../market/bar-periods.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { barsAnswer, barsQuery } from '../schemas/bars.ts'
import { problems, tableMedia } from '../schemas/responses.ts'
import { conditional } from '../schemas/tables.ts'
import { answerTable } from '../tables/answer.ts'
import { askedDates, askedStocks, marketInJson } from '../tables/asked.ts'
import { isClosed } from '../tables/closed.ts'
import { formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'

const CSV_EXAMPLE = [
  'symbol,trade_date,open,high,low,close,pre_close,change,pct_chg,volume,amount,is_st,source,disputed',
  '600000.SH,2026-11-20,10.3,10.42,10.28,10.4,10.31,0.09,0.8729,21034500,218340120.5,false,tushare,false',
].join('\r\n')

const list = createRoute({
  tags: ['Data'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/bars',
  operationId: 'readBars',
  summary: 'Bars of some stocks, or of the whole market, raw or adjusted',
  description:
    'Give `symbol` (with `from` and `to`), or `date` for the whole market of a day, or `from` without `symbol` for the whole market of many days (as CSV, Parquet or Arrow). Rows come by stock and date and are streamed: an answer that ends without `count` was broken off. Adjusted prices are computed from raw bars and adjustment factors, and never stored. An `ETag` stands for the content: sent back as `If-None-Match` it costs nothing as long as nothing was corrected.',
  request: { query: barsQuery, headers: conditional },
  responses: {
    200: {
      description: 'The bars',
      content: tableMedia(barsAnswer, CSV_EXAMPLE),
    },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'stock_not_found', 'too_many_reads'),
  },
})

export type BarRoutes = typeof list

/** `GET /api/bars`. */
export function barRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const { period, adjust, source, anchor = null, as_of = null, decimals } = query
    const format = formatOf(c, query.format)
    const isMarket = query.symbol === undefined && query.date === undefined
    if (isMarket && format === 'json') throw marketInJson()
    const now = deps.now()
    const seen = as_of !== null && Date.parse(as_of) < now.getTime() ? new Date(as_of) : now
    const settled = settledThrough(seen)
    const dates = askedDates(query, now)
    const withRows = c.req.method === 'GET' && c.req.header('if-none-match') === undefined
    const wanted = { ...dates, period, adjust, source, anchor, decimals, asOf: as_of, settled }
    return await answerTable(c, deps, reads, {
      name: `bars-${period}`,
      open: async () =>
        isMarket
          ? await readMarketBars(deps.db.sql, wanted)
          : await readBars(
              deps.db.sql,
              { ...wanted, ...(await askedStocks(deps.db.sql, query)), withRows },
              deps.db.planned,
            ),
      about: { period, adjust, source, anchor, as_of },
      format,
      moment: `${dates.to} ${settled}`,
      isClosed: isClosed(dates.to, now) && (adjust !== 'qfq' || anchor !== null),
      isExport: isMarket,
    })
  })
  return app
}
