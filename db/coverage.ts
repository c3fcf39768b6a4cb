import type { Tx } from './client.ts'
import { WHOLE_MARKET } from './schema/completeness.ts'

/** A cell that an answer should have held and did not. */
export interface MissingCell {
  instrumentId: number
  tradeDate: string
}

/**
 * Adds what one answer covers: `from` up to, not including, `until` (the session after the last wanted one, so that
 * closed days join their neighbours into one range). An equal answer writes nothing.
 *
 * @param instruments ids, or null for the whole market
 */
export async function addCoverage(
  tx: Tx,
  cover: {
    dataset: string
    source: string
    instruments: readonly number[] | null
    from: string
    until: string
  },
): Promise<void> {
  const ids = [...(cover.instruments ?? [WHOLE_MARKET])].sort((a, b) => a - b)
  await tx`
    insert into coverage as c (dataset, instrument_id, source, ranges)
    select ${cover.dataset}, id, ${cover.source}, datemultirange(daterange(${cover.from}::date, ${cover.until}::date))
    from unnest(${ids}::int[]) with ordinality as u(id, n) order by n
    on conflict (dataset, instrument_id, source) do update set ranges = c.ranges + excluded.ranges, updated_at = now()
    where not c.ranges @> excluded.ranges`
}

// Two complete answers this far apart that both lack a cell make it absent upstream: not asked again.
const ABSENT_AFTER = '24 hours'

/**
 * Makes the holes of a region those of the newest answer: cells that came are no holes any more, cells that are still
 * missing are counted once more.
 */
export async function replaceHoles(
  tx: Tx,
  region: {
    dataset: string
    source: string
    instruments: readonly number[] | null
    from: string
    to: string
  },
  missing: readonly (MissingCell & { reason: string })[],
): Promise<void> {
  const cells = tx.json(missing.map((m) => ({ i: m.instrumentId, d: m.tradeDate, r: m.reason })))
  await tx`
    delete from coverage_hole h where h.dataset = ${region.dataset} and h.source = ${region.source}
      and (${region.instruments === null} or h.instrument_id = any(${(region.instruments ?? []) as number[]}))
      and h.trade_date between ${region.from} and ${region.to}
      and not exists (select from jsonb_to_recordset(${cells}) as m(i int, d date) where m.i = h.instrument_id and m.d = h.trade_date)`
  if (missing.length === 0) return
  await tx`
    insert into coverage_hole as h (dataset, instrument_id, trade_date, source, reason)
    select ${region.dataset}, i, d, ${region.source}, r from jsonb_to_recordset(${cells}) as m(i int, d date, r text)
    order by i, d
    on conflict (dataset, instrument_id, trade_date, source) do update set answers = h.answers + 1, last_seen_at = now(),
      reason = case when h.first_seen_at < now() - ${ABSENT_AFTER}::interval and excluded.reason = 'missing'
        then 'absent_upstream' else excluded.reason end`
}
