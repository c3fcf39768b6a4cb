import type { Sql } from '../../db/client.ts'
import { stockIds } from '../../db/queries/instruments.ts'
import { periodAround } from '../../market/bar-periods.ts'
import type { Period } from '../../market/datasets.ts'
import { shanghaiClock, type TradeDate } from '../../market/date.ts'
import { Problem } from '../problems.ts'

/* What a question for rows means: which stocks, and which dates. */

/** Instruments with the symbols that were asked for; null: the whole market. */
export async function askedStocks(
  sql: Sql,
  { symbol }: { symbol?: readonly string[] | undefined },
): Promise<{ instruments: Map<number, string> | null }> {
  if (symbol === undefined) return { instruments: null }
  const ids = await stockIds(sql, symbol)
  const unknown = symbol.filter((each) => !ids.has(each))
  if (unknown.length > 0) {
    const message = `no stock has or had the code ${unknown.slice(0, 10).join(', ')}${unknown.length > 10 ? ' …' : ''}`
    throw new Problem(
      'stock_not_found',
      `${message}; GET /api/stocks?search= finds some, a run of stock_list brings new ones, and indices are under /api/indices`,
      { errors: [{ field: 'symbol', message }] },
    )
  }
  // Of two codes of one stock the first one that was named is shown.
  return { instruments: new Map(symbol.toReversed().map((each) => [ids.get(each) ?? 0, each])) }
}

// People write any date for "since ever" and "until now". Beyond these there is nothing, and weeks that have no date.
const FIRST = '1900-01-01'
const LAST = '2999-12-31'

/** First and last trade date. */
export function askedDates(
  query: { date?: string | undefined; from?: string | undefined; to?: string | undefined; period?: Period },
  now: Date,
): { from: TradeDate; to: TradeDate } {
  const { period = 'daily' } = query
  const whole = (day: string) => (period === 'daily' ? { from: day, to: day } : periodAround(period, day))
  const within = (day: string) => (day < FIRST ? FIRST : day > LAST ? LAST : day)
  if (query.date !== undefined) return whole(within(query.date))
  const from = within(query.from ?? FIRST)
  const today = whole(shanghaiClock(now).date).to
  const to = query.to === undefined || query.to > today ? today : within(query.to)
  return { from, to: to < from ? from : to }
}

export function marketInJson(): Problem {
  const message =
    'is missing: the whole market of many days comes as csv, parquet or arrow (format=), not as JSON'
  return new Problem('invalid_request', `symbol: ${message}`, { errors: [{ field: 'symbol', message }] })
}
