import type { TradeDate } from '../../market/date.ts'
import { readAhead } from '../bars/ahead.ts'
import { columnsAs, type DataColumn } from '../bars/columns.ts'
import { symbolsOfToday } from '../bars/survey.ts'
import { hashOf, rowsVersion } from '../bars/version.ts'
import type { Sql } from '../client.ts'
import { bySymbol, inParts } from '../parts.ts'
import {
  electedValuations,
  inValuationRegion,
  VALUATION_GROUPS,
  type ValuationRegion,
  valuationsIn,
} from '../valuations/elected.ts'
import type { Reading, Row } from './reading.ts'

export interface ValuationsQuery {
  /** Symbols to show by instrument; null: the whole market, under the codes of today. */
  instruments: ReadonlyMap<number, string> | null
  from: TradeDate
  to: TradeDate
  /** A source, or `best`: each group of fields from the best source that has it. */
  source: string
  /** ISO 8601: as they were known then; null: now. */
  asOf: string | null
}

const VALUES: DataColumn[] = [
  ...columnsAs('decimal', 'percent', 'turnover_rate', 'turnover_rate_f'),
  ...columnsAs(
    'decimal',
    null,
    'volume_ratio',
    'pe',
    'pe_ttm',
    'pe_dynamic',
    'pb',
    'ps',
    'ps_ttm',
    'pcf_ncf_ttm',
  ),
  ...columnsAs('decimal', 'percent', 'dv_ratio', 'dv_ttm'),
  ...columnsAs('decimal', 'shares', 'total_share', 'float_share', 'free_share'),
  ...columnsAs('decimal', 'CNY', 'total_mv', 'circ_mv'),
]
const GROUP_SOURCES = Object.keys(VALUATION_GROUPS).map((group) => `${group}_source`)
const LOT = 1_000

/** Valuations by stock and date: of the whole market by symbol. */
export async function readValuations(sql: Sql, query: ValuationsQuery): Promise<Reading> {
  const { from, to, source, asOf, instruments } = query
  const region = { from, to, asOf, instruments: instruments === null ? null : [...instruments.keys()] }
  const [survey, precedence, symbols] = await Promise.all([
    surveyValuations(sql, region),
    rowsVersion(sql, 'value_precedence'),
    instruments ?? symbolsOfToday(sql),
  ])
  const isOneSource = survey.sources.length <= 1
  const stocks = instruments === null ? bySymbol(symbols) : [...symbols]
  return {
    columns: [
      ...columnsAs('text', null, 'symbol'),
      ...columnsAs('date', null, 'trade_date'),
      ...VALUES,
      ...columnsAs('text', null, ...(source === 'best' ? GROUP_SOURCES : ['source'])),
    ],
    version: hashOf([source, asOf, survey.version, precedence, stocks]),
    rows: async function* () {
      for (const part of inParts(stocks, query))
        yield* rowsOf(sql, { ...query, instruments: part }, isOneSource)
    },
  }
}

async function surveyValuations(
  sql: Sql,
  region: ValuationRegion,
): Promise<{ sources: string[]; version: string }> {
  const rows = await sql<{ source: string; count: number; writers: string }[]>`
    select source, sum(rows)::bigint as count, sum(rows * writer::text::bigint)::text as writers from (
      select t.source, t.xmin as writer, count(*) as rows from daily_basic t where ${inValuationRegion(sql, region)} group by 1, 2
    ) t
    group by 1 order by 1`
  return { sources: rows.map((row) => row.source), version: JSON.stringify(rows) }
}

function rowsOf(
  sql: Sql,
  { instruments, from, to, asOf, source }: ValuationsQuery & { instruments: ReadonlyMap<number, string> },
  isOneSource: boolean,
): AsyncGenerator<Row[]> {
  const ids = [...instruments.keys()]
  const named = source === 'best' ? null : source
  const found = valuationsIn(sql, { instruments: ids, from, to, asOf }, named)
  const rows = named === null ? electedValuations(sql, found, isOneSource) : found
  const names = [...VALUES.map(({ name }) => name), ...(named === null ? GROUP_SOURCES : ['source'])]
  const statement = sql`
    select c.symbol, d.trade_date, ${sql.unsafe(names.map((name) => `d.${name}`).join(', '))}
    from (${rows}) d join unnest(${ids}::int[], ${[...instruments.values()]}::text[]) with ordinality as c(instrument_id, symbol, place)
      using (instrument_id)
    order by c.place, d.trade_date`
  return readAhead(statement.values().cursor(LOT) as AsyncIterable<Row[]>)
}
