import type { TradeDate } from '../../market/date.ts'
import { columnsAs } from '../bars/columns.ts'
import { hashOf, rowsVersion } from '../bars/version.ts'
import type { Sql } from '../client.ts'
import type { Reading, Row } from './reading.ts'

const LOT = 1_000

/**
 * Bars of an index, oldest first; of several sources each session's from the one whose prices come first.
 *
 * @param query.source one source's alone, or `best`
 */
export async function readIndexBars(
  sql: Sql,
  query: { symbol: string; from: TradeDate; to: TradeDate; source: string },
): Promise<Reading> {
  const { symbol, from, to, source } = query
  const named = source === 'best' ? null : source
  const asked = sql`
    t.instrument_id = (select instrument_id from instrument_code where code = ${symbol})
    and t.trade_date between ${from} and ${to} and (${named}::text is null or t.source = ${named})`
  const [rows, precedence] = await Promise.all([
    rowsVersion(sql, 'index_bars', asked),
    rowsVersion(sql, 'value_precedence'),
  ])
  return {
    columns: [
      ...columnsAs('text', null, 'symbol'),
      ...columnsAs('date', null, 'trade_date'),
      ...columnsAs('decimal', 'points', 'open', 'high', 'low', 'close', 'pre_close', 'change'),
      ...columnsAs('decimal', 'percent', 'pct_chg'),
      ...columnsAs('decimal', 'shares', 'volume'),
      ...columnsAs('decimal', 'CNY', 'amount'),
      ...columnsAs('text', null, 'source'),
    ],
    version: hashOf([symbol, source, rows, precedence]),
    rows: async function* () {
      const statement = sql`
        select distinct on (t.trade_date) ${symbol}::text, t.trade_date, t.open, t.high, t.low, t.close, t.pre_close, t.change,
          t.pct_chg, t.volume, trim_scale(t.amount), t.source
        from index_bars t left join value_precedence p on p.field_group = 'ohlc' and p.source = t.source
        where ${asked} order by t.trade_date, p.rank, t.source`
      yield* statement.values().cursor(LOT) as AsyncIterable<Row[]>
    },
  }
}

export interface IndexMember {
  symbol: string
  /** Of today; null where no list names it. */
  name: string | null
  /** Percent; null where the source does not say. */
  weight: number | null
}

/** Members of an index with the list that they are from. */
export interface IndexMembers {
  as_of: TradeDate
  source: string
  members: IndexMember[]
}

/** The newest list of members at or before a date; of two sources with one of the same day that of the higher precedence. */
export async function indexMembersOn(
  sql: Sql,
  symbol: string,
  date: TradeDate,
): Promise<IndexMembers | null> {
  const [list] = await sql<{ index_id: number; as_of: TradeDate; source: string }[]>`
    select m.index_id, max(m.trade_date)::text as as_of, m.source
    from index_member m join instrument_code c on c.instrument_id = m.index_id and c.code = ${symbol}
      left join value_precedence p on p.field_group = 'ohlc' and p.source = m.source
    where m.trade_date <= ${date} group by m.index_id, m.source, p.rank
    order by max(m.trade_date) desc, p.rank, m.source limit 1`
  if (!list) return null
  const { index_id, as_of, source } = list
  const members = await sql<IndexMember[]>`
    select m.symbol, (
      select s.name from stock_basic_info s where s.instrument_id = m.instrument_id and s.name is not null
      order by s.updated_at desc limit 1
    ) as name, m.weight::float8 as weight
    from index_member m where m.index_id = ${index_id} and m.trade_date = ${as_of} and m.source = ${source}
    order by m.weight desc nulls last, m.symbol`
  return { as_of, source, members: [...members] }
}
