import type { Exchange } from '../../market/symbol.ts'
import type { Sql } from '../client.ts'
import type { ComparedRegion } from './agreement.ts'

/**
 * Symbols that stand for the market: each board and age has its share, and one symbol at least where the count allows. The
 * same run draws the same ones, another run others.
 *
 * @param from, to the sample has stocks that were listed for some of that time
 */
export async function sampleSymbols(
  sql: Sql,
  options: { runId: string; count: number; from: string; to: string; exchanges: readonly Exchange[] },
): Promise<string[]> {
  const { runId, count, from, to, exchanges } = options
  const rows = await sql<{ symbol: string }[]>`
    with listed as (
      select c.code as symbol, md5(${runId} || c.code) as lot, i.board,
        width_bucket(${to}::date - coalesce(i.list_date, '1990-12-19'), array[365, 5 * 365, 15 * 365]) as age
      from instrument i join instrument_code c on c.instrument_id = i.id and c.valid_to is null
      where i.kind = 'stock' and not i.stub and i.exchange = any(${exchanges as Exchange[]})
        and (i.list_date is null or i.list_date <= ${to}) and (i.delist_date is null or i.delist_date > ${from})
    ), drawn as (
      select symbol, lot, row_number() over kind as place, count(*) over (partition by board, age) as size
      from listed window kind as (partition by board, age order by lot)
    )
    select symbol from (select symbol from drawn order by place > 1, (place - 0.5) / size, lot limit ${count}) s order by 1`
  return rows.map((row) => row.symbol)
}

/** A difference as an example: values are text, since they are numbers of any size. */
export interface DifferenceExample {
  dataset: string
  field: string
  symbol: string | null
  tradeDate: string
  sourceA: string
  valueA: string | null
  sourceB: string
  valueB: string | null
  verdict: string
  /** Of pre_close: what the last close and the adjustment factors say that it should be; else null. */
  expected: string | null
}

// So that one field that is wrong everywhere leaves room for the others.
const EXAMPLES_PER_FIELD = 3

/** The largest recorded differences of a region, relative to the values; a few of each field. */
export async function worstDifferences(
  sql: Sql,
  { instruments, from, to }: ComparedRegion,
  limit: number,
): Promise<DifferenceExample[]> {
  const rows = await sql<(DifferenceExample & { id: number })[]>`
    with recorded as (
      select g.*, abs(value_a - value_b) / greatest(abs(value_a), abs(value_b)) as apart from agreement g
      where g.trade_date between ${from} and ${to} and (${instruments === null} or g.instrument_id = any(${(instruments ?? []) as number[]}))
    ), ranked as (
      select *, row_number() over (partition by dataset, field order by verdict = 'disputed' desc, apart desc, instrument_id, trade_date) as place
      from recorded
    )
    select r.instrument_id as id, r.dataset, r.field, c.code as symbol, r.trade_date as "tradeDate", r.source_a as "sourceA",
      trim_scale(r.value_a)::text as "valueA", r.source_b as "sourceB", trim_scale(r.value_b)::text as "valueB", r.verdict,
      null as expected
    from ranked r left join instrument_code c on c.instrument_id = r.instrument_id and c.valid_to is null
    where r.place <= ${EXAMPLES_PER_FIELD} order by r.verdict = 'disputed' desc, r.apart desc, r.instrument_id, r.trade_date limit ${limit}`
  const examples: DifferenceExample[] = []
  for (const { id, ...example } of rows) {
    const expected = example.field === 'pre_close' ? await exRightReference(sql, id, example.tradeDate) : null
    examples.push({ ...example, expected })
  }
  return examples
}

/** The last close before a date, divided by the step of the factors: what pre_close is by definition. Null when unknown. */
async function exRightReference(sql: Sql, id: number, date: string): Promise<string | null> {
  const [row] = await sql<{ expected: string | null }[]>`
    with factors as materialized (select trade_date, factor from factors_best where instrument_id = ${id} and trade_date <= ${date})
    select trim_scale(round(close * before / (select factor from factors order by trade_date desc limit 1), 2))::text as expected
    from (
      select b.trade_date, b.close from bars_best b
      where b.instrument_id = ${id} and b.period = 'daily' and b.trade_date < ${date} order by b.trade_date desc limit 1
    ) last cross join lateral (
      select f.factor as before from factors f where f.trade_date <= last.trade_date order by f.trade_date desc limit 1
    ) f`
  return row?.expected ?? null
}
