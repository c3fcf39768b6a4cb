import type { Sql } from '../client.ts'
import type { BarRegion, Fragment } from './region.ts'

/**
 * Whose factors each instrument of a region takes, as rows of (instrument_id, source): the named source's, or with `best` those
 * of the source that the view `factor_source` names.
 *
 * The view weighs every source against every other one, which takes too long for a whole market. Nearly everywhere the first
 * source by precedence covers all that any other one covers, which settles it; only the rest is asked of the view.
 */
export function factorSources(sql: Sql, { instruments }: BarRegion, source: string): Fragment {
  const ids = instruments as number[] | null
  if (source !== 'best') {
    return ids === null
      ? sql`select id as instrument_id, ${source}::text as source from instrument`
      : sql`select id as instrument_id, ${source}::text as source from unnest(${ids}::int[]) as u(id)`
  }
  if (ids !== null)
    return sql`select instrument_id, source from factor_source where instrument_id = any(${ids})`
  return sql`
    with first as materialized (
      select c.source from (select distinct source from coverage where dataset = 'adj_factor') c
      left join value_precedence v on v.field_group = 'factor' and v.source = c.source order by v.rank, c.source limit 1
    ), covers as materialized (
      select i.id, life, (coalesce(o.ranges, '{}') + coalesce(m.ranges, '{}')) * life as covered
      from instrument i cross join first f cross join lateral (select datemultirange(daterange(i.list_date, i.delist_date)) as life) l
      left join coverage o on o.dataset = 'adj_factor' and o.instrument_id = i.id and o.source = f.source
      left join coverage m on m.dataset = 'adj_factor' and m.instrument_id = 0 and m.source = f.source
    ), open as materialized (
      select id from covers where isempty(covered)
      union
      select c.id from covers c join coverage o on o.dataset = 'adj_factor' and o.instrument_id = c.id
      where o.source <> (select source from first) and not c.covered @> (o.ranges * c.life)
      union
      select c.id from covers c join coverage o on o.dataset = 'adj_factor' and o.instrument_id = 0
      where o.source <> (select source from first) and not c.covered @> (o.ranges * c.life)
      union
      select h.instrument_id from coverage_hole h where h.dataset = 'adj_factor' and h.source = (select source from first)
    )
    select id as instrument_id, (select source from first) as source from covers where id not in (select id from open)
    union all
    select instrument_id, source from factor_source where instrument_id = any(array(select id from open))`
}
