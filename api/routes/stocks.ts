import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { hashOf } from '../../db/bars/version.ts'
import {
  coveredDatasets,
  findInstrument,
  hasRows,
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
import { problems, tableMedia } from '../schemas/responses.ts'
import { formOfStock, stock, stockDetail, stockParam, stockQuery } from '../schemas/stock.ts'
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
  description:
    'As CSV, Parquet or Arrow: its row of `/api/stocks`. A code that was asked of sources, and that neither a list nor a row has, is no stock.',
  request: { params: stockParam, query: formOfStock, headers: conditional },
  responses: {
    200: { description: 'The stock', content: tableMedia(stockDetail) },
    304: { description: 'What the asker has still stands; of other formats than JSON' },
    ...problems('invalid_request', 'stock_not_found', 'too_many_reads'),
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
    if (found?.kind !== 'stock' || (found.stub && !(await hasRows(sql, found.id))))
      throw new Problem(
        'stock_not_found',
        `no stock has or had the code ${symbol}; GET /api/stocks?search= finds some`,
      )
    const named = await listedStock(sql, found.id)
    const listed = { ...(named ?? unlisted(found)), symbol: found.symbol }
    const format = formatOf(c, c.req.valid('query').format)
    if (format !== 'json')
      return await answerTable(c, deps, reads, {
        name: `stock-${found.symbol}`,
        open: () => Promise.resolve(stockTable([listed], hashOf(listed))),
        about: {},
        format,
        isClosed: false,
      })
    const [special, valuation, covered] = await Promise.all([
      specialIntervals(sql, found.id),
      newestValuation(sql, found.id),
      coveredDatasets(sql, found),
    ])
    const { codes, names } = found
    const whole = { ...listed, listed: named !== null, codes, names }
    return c.json(stockDetail.parse({ ...whole, special_treatment: special, valuation, covered }), 200)
  })
  return app
}
