import type { TradeDate } from '../../market/date.ts'
import { readAhead } from '../bars/ahead.ts'
import { columnsAs } from '../bars/columns.ts'
import { symbolsOfToday } from '../bars/survey.ts'
import { hashOf, rowsVersion } from '../bars/version.ts'
import type { Sql } from '../client.ts'
import { bySymbol, inParts } from '../parts.ts'
import type { Reading, Row } from './reading.ts'

export interface FactorsQuery {
  /** Symbols to show by instrument; null: the whole market, under the codes of today. */
  instruments: ReadonlyMap<number, string> | null
  from: TradeDate
  to: TradeDate
  /** A source, or `best`: for each instrument the one that covers its life best. */
  source: string
}

const LOT = 1_000

/** Adjustment factors as their source serves them, by stock and date: one holds until the next one. */
export async function readFactorRows(sql: Sql, query: FactorsQuery): Promise<Reading> {
  const { from, to, source } = query
  const ids = query.instruments === null ? null : [...query.instruments.keys()]
  const asked = sql`t.trade_date between ${from} and ${to} ${ids === null ? sql`` : sql`and t.instrument_id = any(${ids})`}`
  const [rows, symbols, ...sources] = await Promise.all([
    rowsVersion(sql, 'adj_factor', asked),
    query.instruments ?? symbolsOfToday(sql),
    ...['coverage', 'coverage_hole', 'value_precedence', 'instrument'].map((table) =>
      rowsVersion(sql, table),
    ),
  ])
  const stocks = query.instruments === null ? bySymbol(symbols) : [...symbols]
  return {
    columns: [
      ...columnsAs('text', null, 'symbol'),
      ...columnsAs('date', null, 'trade_date'),
      ...columnsAs('decimal', null, 'factor'),
      ...columnsAs('text', null, 'source'),
    ],
    version: hashOf([source, rows, stocks, source === 'best' ? sources : null]),
    rows: async function* () {
      for (const part of inParts(stocks, query)) yield* rowsOf(sql, query, part)
    },
  }
}

function rowsOf(
  sql: Sql,
  { from, to, source }: FactorsQuery,
  instruments: ReadonlyMap<number, string>,
): AsyncGenerator<Row[]> {
  const ids = [...instruments.keys()]
  const chosen =
    source === 'best'
      ? sql`join factor_source s on s.instrument_id = f.instrument_id and s.source = f.source and s.instrument_id = any(${ids})`
      : sql``
  const statement = sql`
    select c.symbol, f.trade_date, trim_scale(f.factor), f.source
    from adj_factor f ${chosen}
      join unnest(${ids}::int[], ${[...instruments.values()]}::text[]) with ordinality as c(id, symbol, place) on c.id = f.instrument_id
    where f.instrument_id = any(${ids}) and f.trade_date between ${from} and ${to}
      and (${source} = 'best' or f.source = ${source})
    order by c.place, f.trade_date`
  return readAhead(statement.values().cursor(LOT) as AsyncIterable<Row[]>)
}
