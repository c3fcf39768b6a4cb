import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { hashOf } from '../../db/bars/version.ts'
import { type IndexMembers, indexMembersOn, readIndexBars } from '../../db/queries/indices.ts'
import { shanghaiClock } from '../../market/date.ts'
import {
  INDEX_SYMBOLS,
  INDICES,
  isIndexSymbol,
  type IndexSymbol,
  MEMBER_INDICES,
} from '../../market/indices.ts'
import { parseSymbol } from '../../market/symbol.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { dateInput, tradeDate } from '../schemas/common.ts'
import { problems, tableMedia } from '../schemas/responses.ts'
import { conditional, daysInOrder, formatInput, sourceOrBest } from '../schemas/tables.ts'
import { answerTable, type VersionedTable } from '../tables/answer.ts'
import { askedDates } from '../tables/asked.ts'
import { isClosed } from '../tables/closed.ts'
import { formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'
import { smallTable } from '../tables/small-table.ts'

const number = z.number().nullable()

const bar = z
  .object({
    symbol: z.string().openapi({ example: '000300.SH' }),
    trade_date: tradeDate,
    open: number.openapi({ description: 'Points' }),
    high: number,
    low: number,
    close: number,
    pre_close: number,
    change: number,
    pct_chg: number.openapi({ description: 'Percent' }),
    volume: number.openapi({ description: 'Shares; null in old years' }),
    amount: number.openapi({ description: 'Yuan; null in old years' }),
    source: z.string().openapi({ example: 'tushare' }),
  })
  .openapi('IndexBar')

const barsAnswer = z
  .object({ title: z.string(), source: z.string(), data: z.array(bar), count: z.number().int() })
  .openapi('IndexBars')

const member = z
  .object({
    symbol: z.string().openapi({ example: '600519.SH' }),
    name: z.string().nullable(),
    weight: number.openapi({ description: 'Percent; null where the source does not say', example: 4.71 }),
  })
  .openapi('IndexMember')

const membersAnswer = z
  .object({
    index: z.string().openapi({ example: '000300.SH' }),
    title: z.string().openapi({ example: 'CSI 300' }),
    date: tradeDate,
    as_of: tradeDate.openapi({ description: 'The day of the list: lists come monthly' }),
    source: z.string().openapi({ example: 'tushare' }),
    items: z.array(member),
  })
  .openapi('IndexMembers')

const symbolParam = z.object({
  symbol: z.string().openapi({ description: `One of ${INDEX_SYMBOLS.join(', ')}`, example: '000300.SH' }),
})

const bars = createRoute({
  tags: ['Indices'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/indices/{symbol}/bars',
  operationId: 'readIndexBars',
  summary: 'Daily bars of an index, oldest first',
  request: {
    params: symbolParam,
    query: z
      .strictObject({
        from: dateInput.optional().openapi({ description: 'First trade date; the first bar when left out' }),
        to: dateInput.optional().openapi({ description: 'Last trade date; the last bar when left out' }),
        source: sourceOrBest.openapi({
          description: 'Of one source; `best`: each session from the best one that has it',
        }),
        format: formatInput,
      })
      .check(daysInOrder),
    headers: conditional,
  },
  responses: {
    200: { description: 'The bars', content: tableMedia(barsAnswer) },
    304: { description: 'What the asker has still stands' },
    ...problems('invalid_request', 'not_found', 'too_many_reads'),
  },
})

const members = createRoute({
  tags: ['Indices'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/indices/{symbol}/members',
  operationId: 'listIndexMembers',
  summary: 'The members of an index on a day',
  description: 'As CSV, Parquet or Arrow each row has the index, the day of the list and its source as well.',
  request: {
    params: symbolParam,
    query: z.strictObject({
      date: dateInput.optional().openapi({ description: 'Today where it is left out' }),
      format: formatInput,
    }),
    headers: conditional,
  },
  responses: {
    200: {
      description: 'The newest list up to that day',
      content: tableMedia(membersAnswer),
    },
    304: { description: 'What the asker has still stands; of other formats than JSON' },
    ...problems('invalid_request', 'not_found', 'too_many_reads'),
  },
})

/** Members as a table; of a list that is there already. */
const membersTable = (index: string, { as_of, source, members }: IndexMembers): VersionedTable =>
  smallTable(
    [
      { name: 'index', type: 'text' },
      { name: 'as_of', type: 'date' },
      { name: 'symbol', type: 'text' },
      { name: 'name', type: 'text' },
      { name: 'weight', type: 'number', unit: 'percent' },
      { name: 'source', type: 'text' },
    ],
    members.map((each) => ({ index, as_of, ...each, source })),
    hashOf([index, as_of, source, members]),
  )

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

export type IndexRoutes = typeof bars | typeof members

/** `GET /api/indices/{symbol}/bars` and `/members`. */
export function indexRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(bars, async (c) => {
    const symbol = indexOf(c.req.valid('param').symbol)
    const { source, format, ...asked } = c.req.valid('query')
    const dates = askedDates(asked, deps.now())
    return await answerTable(c, deps, reads, {
      name: `index-${symbol}`,
      open: () => readIndexBars(deps.db.sql, { symbol, source, ...dates }),
      about: { title: INDICES[symbol].title, source },
      format: formatOf(c, format),
      moment: dates.to,
      isClosed: isClosed(dates.to, deps.now()),
    })
  })
  app.openapi(members, async (c) => {
    const symbol = indexOf(c.req.valid('param').symbol)
    const query = c.req.valid('query')
    const date = query.date ?? shanghaiClock(deps.now()).date
    const format = formatOf(c, query.format)
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
    if (format !== 'json')
      return await answerTable(c, deps, reads, {
        name: `members-${symbol}`,
        open: () => Promise.resolve(membersTable(symbol, found)),
        about: { title: INDICES[symbol].title, date, source },
        format,
        moment: date,
        isClosed: false,
      })
    return c.json({ index: symbol, title: INDICES[symbol].title, date, as_of, source, items }, 200)
  })
  return app
}
