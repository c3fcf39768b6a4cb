import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type BarsQuery, readBars, stockIds } from '../../db/queries/bars.ts'
import { periodAround, settledThrough } from '../../market/bar-periods.ts'
import { shanghaiClock } from '../../market/date.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { barsAnswer, barsQuery } from '../schemas/bars.ts'
import { problems } from '../schemas/responses.ts'
import { answerTable, formatOf } from '../tables/answer.ts'
import { Slots } from '../tables/slots.ts'

const CSV_EXAMPLE = [
  'symbol,trade_date,open,high,low,close,pre_close,change,pct_chg,volume,amount,is_st,source,disputed',
  '600000.SH,2026-11-20,10.3,10.42,10.28,10.4,10.31,0.09,0.8729,21034500,218340120.5,false,tushare,false',
].join('\r\n')

const list = createRoute({
  tags: ['Data'],
  method: 'get',
  path: '/api/bars',
  operationId: 'readBars',
  summary: 'Bars of some stocks, or of the whole market on one day, raw or adjusted',
  description:
    'Give `symbol` (with `from` and `to`), or `date`. Rows come by stock and date and are streamed: an answer that ends without `count` was broken off. Adjusted prices are computed from raw bars and adjustment factors, and never stored. An `ETag` stands for the content: sent back as `If-None-Match` it costs nothing as long as nothing was corrected.',
  request: { query: barsQuery, headers: z.object({ 'if-none-match': z.string().optional() }) },
  responses: {
    200: {
      description: 'The bars',
      content: {
        'application/json': { schema: barsAnswer },
        'text/csv': { schema: z.string(), example: CSV_EXAMPLE },
      },
    },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'stock_not_found', 'too_many_reads'),
  },
})

type Query = z.output<typeof barsQuery>

// Each holds one of the ten connections of the pool while it is read.
const MAX_READS = 4
const WAIT_MS = 30_000

/** `GET /api/bars`. */
export function barRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const slots = new Slots(MAX_READS, WAIT_MS)
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const { period, adjust, source, anchor = null, as_of = null, decimals } = query
    const now = deps.now()
    const seen = as_of !== null && Date.parse(as_of) < now.getTime() ? new Date(as_of) : now
    const wanted = {
      ...(await instrumentsOf(deps, query)),
      ...datesOf(query, now),
      ...{ period, adjust, source, anchor, decimals, asOf: as_of, settled: settledThrough(seen) },
    }
    return await answerTable(c, deps, slots, {
      open: () => readBars(deps.db.sql, wanted),
      about: { period, adjust, source, anchor, as_of },
      format: formatOf(c, query.format),
    })
  })
  return app
}

async function instrumentsOf(
  { db }: Pick<ApiDeps, 'db'>,
  { symbol }: Query,
): Promise<Pick<BarsQuery, 'instruments'>> {
  if (symbol === undefined) return { instruments: null }
  const ids = await stockIds(db.sql, symbol)
  const unknown = symbol.filter((each) => !ids.has(each))
  if (unknown.length > 0) {
    const message = `no stock has or had the code ${unknown.slice(0, 10).join(', ')}${unknown.length > 10 ? ' …' : ''}`
    throw new Problem(
      'stock_not_found',
      `${message}; GET /api/stocks?search= finds some, a run of stock_list brings new ones, and indices are under /api/indices`,
      {
        errors: [{ field: 'symbol', message }],
      },
    )
  }
  // Of two codes of one stock the first one that was named is shown.
  return { instruments: new Map(symbol.toReversed().map((each) => [ids.get(each) ?? 0, each])) }
}

// People write any date for "since ever" and "until now". Beyond these there are no bars, and weeks that have no date.
const FIRST = '1900-01-01'
const LAST = '2999-12-31'

/** First and last trade date. */
function datesOf(query: Query, now: Date): Pick<BarsQuery, 'from' | 'to'> {
  const { period } = query
  const whole = (day: string) => (period === 'daily' ? { from: day, to: day } : periodAround(period, day))
  const within = (day: string) => (day < FIRST ? FIRST : day > LAST ? LAST : day)
  if (query.date !== undefined) return whole(within(query.date))
  const from = within(query.from ?? FIRST)
  const today = whole(shanghaiClock(now).date).to
  const to = query.to === undefined || query.to > today ? today : within(query.to)
  return { from, to: to < from ? from : to }
}
