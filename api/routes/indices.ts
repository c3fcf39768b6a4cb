import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { indexMembersOn, listIndexBars } from '../../db/queries/indices.ts'
import { isTradeDate, shanghaiClock } from '../../market/date.ts'
import {
  INDEX_SYMBOLS,
  INDICES,
  isIndexSymbol,
  type IndexSymbol,
  MEMBER_INDICES,
} from '../../market/indices.ts'
import { parseSymbol } from '../../market/symbol.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import {
  cursorInput,
  dateInput,
  decodeCursor,
  encodeCursor,
  pageOf,
  sourceName,
  tradeDate,
  wholeNumber,
} from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'

const decimal = z.string().nullable().openapi({ format: 'decimal', example: '3714.6037' })

const bar = z
  .object({
    trade_date: tradeDate,
    open: decimal,
    high: decimal,
    low: decimal,
    close: decimal,
    pre_close: decimal,
    change: decimal,
    pct_chg: decimal.openapi({ description: 'Percent' }),
    volume: decimal.openapi({ description: 'Shares; null in old years' }),
    amount: decimal.openapi({ description: 'Yuan; null in old years' }),
    source: z.string().openapi({ example: 'tushare' }),
  })
  .openapi('IndexBar')

const member = z
  .object({
    symbol: z.string().openapi({ example: '600519.SH' }),
    name: z.string().nullable(),
    weight: decimal.openapi({ description: 'Percent; null where the source does not say', example: '4.71' }),
  })
  .openapi('IndexMember')

const symbolParam = z.object({
  symbol: z.string().openapi({ description: `One of ${INDEX_SYMBOLS.join(', ')}`, example: '000300.SH' }),
})

const bars = createRoute({
  tags: ['Indices'],
  method: 'get',
  path: '/api/indices/{symbol}/bars',
  operationId: 'listIndexBars',
  summary: 'Daily bars of an index, oldest first',
  request: {
    params: symbolParam,
    query: z.strictObject({
      start_date: dateInput.optional(),
      end_date: dateInput.optional(),
      source: sourceName
        .optional()
        .openapi({ description: 'Of one source; else of the best one that has the day' }),
      limit: wholeNumber(1, 2_000, 500),
      cursor: cursorInput.optional(),
    }),
  },
  responses: {
    200: json('A page of bars', pageOf('IndexBarPage', bar)),
    ...problems('invalid_request', 'not_found'),
  },
})

const members = createRoute({
  tags: ['Indices'],
  method: 'get',
  path: '/api/indices/{symbol}/members',
  operationId: 'listIndexMembers',
  summary: 'The members of an index on a day',
  request: {
    params: symbolParam,
    query: z.strictObject({
      date: dateInput.optional().openapi({ description: 'Today where it is left out' }),
    }),
  },
  responses: {
    200: json(
      'The newest list up to that day',
      z
        .object({
          index: z.string().openapi({ example: '000300.SH' }),
          title: z.string().openapi({ example: 'CSI 300' }),
          date: tradeDate,
          as_of: tradeDate.openapi({ description: 'The day of the list: lists come monthly' }),
          source: z.string().openapi({ example: 'tushare' }),
          items: z.array(member),
        })
        .openapi('IndexMembers'),
    ),
    ...problems('invalid_request', 'not_found'),
  },
})

/** Indices under any spelling of their codes; six digits alone mean the index, not the stock of that code. */
function indexOf(text: string): IndexSymbol {
  const bare = INDEX_SYMBOLS.find((symbol) => symbol.slice(0, 6) === text)
  const symbol = bare ?? parseSymbol(text) ?? text
  if (isIndexSymbol(symbol)) return symbol
  throw new Problem(
    'not_found',
    `no index is known as ${JSON.stringify(text.slice(0, 40))}; there are ${INDEX_SYMBOLS.join(', ')}`,
  )
}

/** `GET /api/indices/{symbol}/bars` and `/members`. */
export function indexRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(bars, async (c) => {
    const symbol = indexOf(c.req.valid('param').symbol)
    const { start_date, end_date, source, limit, cursor } = c.req.valid('query')
    const items = await listIndexBars(deps.db.sql, {
      symbol,
      from: start_date ?? null,
      to: end_date ?? null,
      source: source ?? null,
      after: dateIn(cursor),
      limit,
    })
    const last = items.length === limit ? items.at(-1) : undefined
    return c.json({ items, next_cursor: last ? encodeCursor(last.trade_date) : null }, 200)
  })
  app.openapi(members, async (c) => {
    const symbol = indexOf(c.req.valid('param').symbol)
    const date = c.req.valid('query').date ?? shanghaiClock(deps.now()).date
    if (!INDICES[symbol].members)
      throw new Problem(
        'not_found',
        `members of ${symbol} are not kept; they are of ${MEMBER_INDICES.join(', ')}`,
      )
    const found = await indexMembersOn(deps.db.sql, symbol, date)
    if (found === null) {
      const hint = 'run full_history to bring them'
      throw new Problem('not_found', `no list of the members of ${symbol} up to ${date} is there: ${hint}`)
    }
    const { as_of, source, members: items } = found
    return c.json({ index: symbol, title: INDICES[symbol].title, date, as_of, source, items }, 200)
  })
  return app
}

function dateIn(cursor: string | undefined): string | null {
  if (cursor === undefined) return null
  const [date = ''] = decodeCursor(cursor)
  if (!isTradeDate(date))
    throw new Problem('invalid_request', 'cursor: is no cursor of this list: leave it out for the first page')
  return date
}
