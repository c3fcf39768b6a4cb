import type { TradeDate } from '../../market/date.ts'
import type { Sql } from '../client.ts'

/** A session of an index. Decimals are text; null: not served. */
export interface IndexBar {
  trade_date: TradeDate
  /** Points. */
  open: string | null
  high: string | null
  low: string | null
  close: string
  pre_close: string | null
  change: string | null
  /** Percent. */
  pct_chg: string | null
  /** Shares. */
  volume: string | null
  /** Yuan. */
  amount: string | null
  source: string
}

/**
 * Bars of an index, oldest first; of several sources each session's from the one whose prices come first.
 *
 * @param filter.source one source's alone; null: any
 */
export async function listIndexBars(
  sql: Sql,
  filter: {
    symbol: string
    from: TradeDate | null
    to: TradeDate | null
    source: string | null
    after: TradeDate | null
    limit: number
  },
): Promise<IndexBar[]> {
  const { symbol, from, to, source, after, limit } = filter
  return await sql<IndexBar[]>`
    select distinct on (b.trade_date) b.trade_date::text as trade_date, b.open::text, b.high::text, b.low::text, b.close::text,
      b.pre_close::text, b.change::text, b.pct_chg::text, b.volume::text, trim_scale(b.amount)::text as amount, b.source
    from index_bars b join instrument_code c on c.instrument_id = b.instrument_id and c.code = ${symbol}
      left join value_precedence p on p.field_group = 'ohlc' and p.source = b.source
    where (${from}::date is null or b.trade_date >= ${from}) and (${to}::date is null or b.trade_date <= ${to})
      and (${after}::date is null or b.trade_date > ${after}) and (${source}::text is null or b.source = ${source})
    order by b.trade_date, p.rank, b.source limit ${limit}`
}

export interface IndexMember {
  symbol: string
  /** Of today; null where no list names it. */
  name: string | null
  /** Percent; null where the source does not say. */
  weight: string | null
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
    ) as name, m.weight::text as weight
    from index_member m where m.index_id = ${index_id} and m.trade_date = ${as_of} and m.source = ${source}
    order by m.weight desc nulls last, m.symbol`
  return { as_of, source, members: [...members] }
}
