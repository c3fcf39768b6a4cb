import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type BarsQuery, readBars, stockIds } from '../../db/queries/bars.ts'
import { type LongPeriod, periodAround, settledThrough } from '../../market/bar-periods.ts'
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
    const { period, adjust, source, anchor = null, as_of = null } = query
    const wanted = { ...(await instrumentsOf(deps, query)), ...datesOf(query, deps.now()) }
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

const FIRST_SESSION = '1990-12-19'

function datesOf(query: Query, now: Date): Omit<BarsQuery, 'instruments'> {
  const { period, date, adjust, anchor = null, source, as_of: asOf = null, decimals } = query
  const moment = asOf !== null && Date.parse(asOf) < now.getTime() ? new Date(asOf) : now
  const whole = (day: string) =>
    period === 'daily' ? { from: day, to: day } : periodAround(period satisfies LongPeriod, day)
  const dates =
    date === undefined
      ? { from: query.from ?? FIRST_SESSION, to: query.to ?? whole(shanghaiClock(now).date).to }
      : whole(date)
  return { period, ...dates, adjust, anchor, source, asOf, decimals, settled: settledThrough(moment) }
}
