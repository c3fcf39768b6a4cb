import { columnsOf } from '../bars/columns.ts'
import { surveyBars, symbolsOfToday } from '../bars/survey.ts'
import { hashOf, rowsVersion } from '../bars/version.ts'
import type { Sql } from '../client.ts'
import { bySymbol, inParts } from '../parts.ts'
import { type BarRow, type BarsQuery, type BarsReading, readBars } from './bars.ts'

/*
 * Bars of the whole market over many days: millions of rows. They are read stock by stock, some at a time, so that neither the
 * server sorts all of them nor anybody holds the factors of every stock. Each part is as new as the moment it is read in.
 */

/** What its rows are made of besides bars: changes to these are rare, so any of them makes another version. */
const ADJUSTED_BY = ['adj_factor', 'coverage', 'coverage_hole', 'instrument', 'trade_calendar']

/** By symbol of today and date. */
export async function readMarketBars(sql: Sql, query: Omit<BarsQuery, 'instruments'>): Promise<BarsReading> {
  const { period, from, to, asOf, source, adjust, decimals, anchor, settled } = query
  const named = source === 'best' ? null : source
  // Weeks and months that are adjusted are made of days.
  const region = { period: adjust === 'none' && asOf === null ? period : 'daily', instruments: null, asOf }
  const [survey, precedence, symbols, ...others] = await Promise.all([
    surveyBars(sql, { ...region, from, to }, named),
    rowsVersion(sql, 'value_precedence'),
    symbolsOfToday(sql),
    ...(adjust === 'none' && period === 'daily' ? [] : ADJUSTED_BY).map((table) => rowsVersion(sql, table)),
  ])
  const stocks = bySymbol(symbols)
  const question = [period, from, to, asOf, source, adjust, decimals, anchor, period === 'daily' || settled]
  return {
    columns: columnsOf(query),
    version: hashOf([question, survey.version, precedence, stocks, others]),
    lots: null,
    rows: () => barsInParts(sql, query, stocks),
  }
}

async function* barsInParts(
  sql: Sql,
  query: Omit<BarsQuery, 'instruments'>,
  stocks: readonly (readonly [number, string])[],
): AsyncGenerator<BarRow[]> {
  for (const instruments of inParts(stocks, query)) {
    const part = await readBars(sql, { ...query, instruments, isByCode: true })
    yield* part.rows()
  }
}
