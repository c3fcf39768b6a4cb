import type { Sql } from '../client.ts'
import { type CheckedRegion, OHLC_BROKEN, type RuleHits } from './bar-checks.ts'

/** Bars of indices whose prices are out of order. Their amount is of all members, so that no unit guard holds for it. */
export async function checkIndexBars(
  sql: Sql,
  { from, to, instruments }: CheckedRegion,
): Promise<RuleHits[]> {
  return await sql.unsafe<RuleHits[]>(
    `select b.trade_date as date, 'ohlc' as rule, count(*)::int as count, (array_agg(b.symbol order by b.symbol))[1:5] as examples
      from index_bars b where b.trade_date between $1 and $2 and ($3::int[] is null or b.instrument_id = any($3)) and ${OHLC_BROKEN}
      group by 1 order by 1`,
    [from, to, instruments as number[] | null],
  )
}
