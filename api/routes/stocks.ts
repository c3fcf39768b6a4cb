import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { hashOf } from '../../db/bars/version.ts'
import {
  coveredDatasets,
  findInstrument,
  type Instrument,
  listedStock,
  type ListedStock,
  specialIntervals,
} from '../../db/queries/instruments.ts'
import { newestValuation } from '../../db/queries/valuations.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { decodeCursor, encodeCursor, pageOf } from '../schemas/common.ts'
import { json, problems, tableMedia } from '../schemas/responses.ts'
import { stock, stockDetail, stockParam, stockQuery } from '../schemas/stock.ts'
import { conditional } from '../schemas/tables.ts'
import { StockDirectory } from '../stocks/directory.ts'
import { stockTable } from '../stocks/table.ts'
import { answerTable } from '../tables/answer.ts'
import { type Format, formatOf } from '../tables/formats.ts'
import type { Reads } from '../tables/reads.ts'

const TAG = { tags: ['Stocks'] }

const list = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/stocks',
  operationId: 'listStocks',
  summary: 'Stocks by symbol; delisted ones too. Found by code, name or pinyin',
  request: { query: stockQuery, headers: conditional },
  responses: {
    200: {
      description: 'A page of stocks, or all of them in another format than JSON',
      content: tableMedia(pageOf('StockPage', stock)),
    },
    304: { description: 'What the asker has still stands; of other formats than JSON' },
    ...problems('invalid_request', 'too_many_reads'),
  },
})

const get = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/stocks/{symbol}',
  operationId: 'getStock',
  summary: 'One stock by any code that it has or had',
  request: { params: stockParam },
  responses: {
    200: json('The stock', stockDetail),
    ...problems('invalid_request', 'stock_not_found'),
  },
})

/** What is known of a stock that no list names. */
const unlisted = ({ symbol, board, exchange, list_date, delist_date }: Instrument): ListedStock => ({
  symbol,
  name: null,
  fullname: null,
  cnspell: null,
  area: null,
  industry: null,
  market: null,
  board,
  exchange,
  list_status: null,
  list_date,
  delist_date,
  is_hs: null,
  total_mv: null,
  pe: null,
  pb: null,
  valuation_date: null,
})

/** All stocks come at once: a page of them would pass for all. */
function refusePages(c: Context<ApiEnv>, format: Format): void {
  const given = ['limit', 'cursor'].filter((name) => c.req.query(name) !== undefined)
  if (given.length === 0) return
  const message = `is for JSON: ${format} holds all stocks that are found`
  const errors = given.map((field) => ({ field, message }))
  throw new Problem('invalid_request', errors.map(({ field }) => `${field}: ${message}`).join('; '), {
    errors,
  })
}

export type StockRoutes = typeof list | typeof get

/** `GET /api/stocks`, `/api/stocks/{symbol}`. */
export function stockRoutes(deps: ApiDeps, reads: Reads): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const { sql } = deps.db
  const directory = new StockDirectory(sql)
  app.openapi(list, async (c) => {
    const { cursor, limit, format: named, ...filter } = c.req.valid('query')
    const format = formatOf(c, named)
    if (format !== 'json') {
      refusePages(c, format)
      const { stocks, version } = await directory.listWithVersion({ ...filter, limit: Infinity })
      return await answerTable(c, deps, reads, {
        name: 'stocks',
        open: () => Promise.resolve(stockTable(stocks, hashOf([filter, version]))),
        about: {},
        format,
        isClosed: false,
      })
    }
    const after = cursor === undefined ? undefined : decodeCursor(cursor)[0]
    const rows = await directory.list({ ...filter, after, limit })
    const last = rows.length === limit ? rows.at(-1) : undefined
    return c.json({ items: rows, next_cursor: last ? encodeCursor(last.symbol) : null }, 200)
  })
  app.openapi(get, async (c) => {
    const { symbol } = c.req.valid('param')
    const found = await findInstrument(sql, symbol)
    if (found?.kind !== 'stock')
      throw new Problem(
        'stock_not_found',
        `no stock has or had the code ${symbol}; GET /api/stocks?search= finds some`,
      )
    const [listed, special, valuation, covered] = await Promise.all([
      listedStock(sql, found.id),
      specialIntervals(sql, found.id),
      newestValuation(sql, found.id),
      coveredDatasets(sql, found),
    ])
    const { codes, names } = found
    const whole = { ...(listed ?? unlisted(found)), symbol: found.symbol, codes, names }
    return c.json(stockDetail.parse({ ...whole, special_treatment: special, valuation, covered }), 200)
  })
  return app
}
