import type { Tx } from '../client.ts'
import { byPrecedence, type FieldAgreement, type Slice, sliceParams } from './slice.ts'

/**
 * Compares what several sources say about cells. A value that more than half of those who speak agree with outvotes the
 * others: a difference is then settled, else it is disputed.
 *
 * @param spoken SQL for rows of (instrument_id, trade_date, source, value, tolerance), each source once a cell; $1 to $3
 * are the slice and $4 the sources. Pairs of two zeros take part in the vote and are not counted.
 */
export async function compareSpoken(
  tx: Tx,
  slice: Slice,
  about: { dataset: string; field: string; group: string; sources: readonly string[] },
  spoken: string,
): Promise<FieldAgreement[]> {
  if (about.sources.length < 2) return []
  const sources = await byPrecedence(tx, about.group, about.sources)
  const rows = await tx.unsafe<{ a: string; b: string; compared: number; agreed: number }[]>(
    `with spoken as materialized (${spoken}), pairs as materialized (
      select a.instrument_id, a.trade_date, a.source as source_a, a.value as value_a, b.source as source_b, b.value as value_b,
        abs(a.value - b.value) <= a.tolerance as agrees
      from spoken a join spoken b on b.instrument_id = a.instrument_id and b.trade_date = a.trade_date
        and array_position($4::text[], a.source) < array_position($4::text[], b.source)
    ), backed as (
      select instrument_id, trade_date, source, 1 + count(*) filter (where agrees) as votes
      from (select instrument_id, trade_date, source_a as source, agrees from pairs
        union all select instrument_id, trade_date, source_b, agrees from pairs) p group by 1, 2, 3
    ), decided as (
      select instrument_id, trade_date, max(votes) * 2 > count(*) as settled from backed group by 1, 2
    ), stored as (
      insert into difference (instrument_id, trade_date, field, source_a, value_a, source_b, value_b, verdict)
      select p.instrument_id, p.trade_date, $5, p.source_a, p.value_a, p.source_b, p.value_b,
        case when d.settled then 'outvoted' else 'disputed' end
      from pairs p join decided d on d.instrument_id = p.instrument_id and d.trade_date = p.trade_date where not p.agrees
    ) select source_a as a, source_b as b, count(*)::int as compared, count(*) filter (where agrees)::int as agreed
      from pairs where value_a + value_b > 0 group by 1, 2 order by 1, 2`,
    [...sliceParams(slice), sources, about.field],
  )
  return rows.map(({ a, b, compared, agreed }) => ({
    dataset: about.dataset,
    field: about.field,
    sourceA: a,
    sourceB: b,
    compared,
    agreed,
    explained: 0,
    disagreed: compared - agreed,
  }))
}
