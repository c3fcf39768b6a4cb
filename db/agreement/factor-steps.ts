import { FACTOR_STEP } from '../../market/tolerances.ts'
import type { Tx } from '../client.ts'
import { type FieldAgreement, inSlice, type Slice } from './slice.ts'
import { compareSpoken } from './spoken.ts'

/*
 * Adjustment factors by the step of a day, on the days on which any source has one. Some sources have a row for every
 * session, others for ex-dates only, and 1 before the first: a source speaks of a day when it covers that day and the one
 * before, whether it has a row there or not. Not where it has a hole just before: its step may belong there.
 */

// A suspension may lie between an ex-date and the last close before it.
const LAST_CLOSE_DAYS = 1_500
const HOLE_DAYS = 10

const factorUpTo = (day: string) => `(select f.factor from adj_factor f
  where f.instrument_id = e.instrument_id and f.source = s.source and f.trade_date ${day} order by f.trade_date desc limit 1)`

const SPOKEN = `
  with rows as (
    select f.instrument_id, f.trade_date, f.factor, coalesce(
      lag(f.factor) over (partition by f.instrument_id, f.source order by f.trade_date),
      (select p.factor from adj_factor p where p.instrument_id = f.instrument_id and p.source = f.source
        and p.trade_date < f.trade_date order by p.trade_date desc limit 1), 1) as before
    from adj_factor f where ${inSlice('f')} and f.source = any($4)
  ), events as materialized (
    select e.instrument_id, e.trade_date, c.close
    from (select distinct instrument_id, trade_date from rows where factor <> before) e
    cross join lateral (
      select b.close from bars b where b.instrument_id = e.instrument_id and b.period = 'daily'
        and b.trade_date < e.trade_date and b.trade_date >= e.trade_date - ${LAST_CLOSE_DAYS}
      order by b.trade_date desc, array_position($4::text[], b.source) limit 1
    ) c
  )
  select e.instrument_id, e.trade_date, s.source,
    coalesce(${factorUpTo('<= e.trade_date')}, 1) / coalesce(${factorUpTo('< e.trade_date')}, 1) as value,
    ${FACTOR_STEP.ticks * FACTOR_STEP.tick} / e.close as tolerance
  from events e cross join unnest($4::text[]) as s(source)
  where (select range_agg(c.ranges) from coverage c where c.dataset = 'adj_factor' and c.instrument_id in (0, e.instrument_id)
      and c.source = s.source) @> daterange(e.trade_date - 1, e.trade_date, '[]')
    and not exists (select from coverage_hole h where h.dataset = 'adj_factor' and h.instrument_id = e.instrument_id
      and h.source = s.source and h.trade_date between e.trade_date - ${HOLE_DAYS} and e.trade_date)`

/** Puts ex-dates whose step differs into `difference`. Reads the factors of those instruments only that two sources cover. */
export async function compareFactorSteps(tx: Tx, slice: Slice): Promise<FieldAgreement[]> {
  const covered = await tx<{ source: string; id: number }[]>`
    select source, instrument_id as id from coverage
    where dataset = 'adj_factor' and ranges && daterange(${slice.from}::date, ${slice.to}::date, '[]')
      and (${slice.instruments === null} or instrument_id = 0 or instrument_id = any(${(slice.instruments ?? []) as number[]}))`
  const sources = [...new Set(covered.map((row) => row.source))]
  const instruments = sharedInstruments(covered, slice.instruments)
  if (instruments?.length === 0) return []
  return await compareSpoken(
    tx,
    { ...slice, instruments },
    { dataset: 'adj_factor', field: 'step', group: 'factor', sources },
    SPOKEN,
  )
}

/** Instruments that two sources cover, themselves or with the whole market (0); null for all. */
function sharedInstruments(
  covered: readonly { source: string; id: number }[],
  asked: readonly number[] | null,
): readonly number[] | null {
  const wholeMarket = new Set(covered.filter(({ id }) => id === 0).map(({ source }) => source))
  if (wholeMarket.size > 1) return asked
  const byInstrument = new Map<number, Set<string>>()
  for (const { id, source } of covered)
    if (id !== 0) byInstrument.set(id, (byInstrument.get(id) ?? new Set(wholeMarket)).add(source))
  return [...byInstrument].flatMap(([id, sources]) => (sources.size > 1 ? [id] : []))
}
