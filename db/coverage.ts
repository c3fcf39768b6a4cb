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

// Two complete answers this far apart that both lack a cell make it absent upstream: not asked again. A row that came and
// was rejected is no absence, so the time counts from the first answer after it.
const ABSENT_AFTER = '24 hours'
// Reasons that an answer gave by lacking the cell. A hole for another reason had a row once, or was told by nobody.
const LACKING = ['missing', 'absent_upstream']

interface HoleRegion {
  dataset: string
  source: string
  instruments: readonly number[] | null
  from: string
  to: string
}

/**
 * Makes the holes of a region those of the newest answer: cells that came are no holes any more, cells that are still
 * missing are counted once more.
 */
export async function replaceHoles(
  tx: Tx,
  region: HoleRegion,
  missing: readonly (MissingCell & { reason: string })[],
): Promise<void> {
  const still = new Set(missing.map((cell) => `${cell.instrumentId} ${cell.tradeDate}`))
  const filled = (await holesOf(tx, region)).filter((hole) => !still.has(`${hole.id} ${hole.date}`))
  if (filled.length > 0) {
    await tx`
      delete from coverage_hole h using unnest(${filled.map((h) => h.id)}::int[], ${filled.map((h) => h.date)}::date[]) as f(id, d)
      where h.dataset = ${region.dataset} and h.source = ${region.source} and h.instrument_id = f.id and h.trade_date = f.d`
  }
  if (missing.length === 0) return
  const sorted = [...missing].sort(
    (a, b) => a.instrumentId - b.instrumentId || (a.tradeDate < b.tradeDate ? -1 : 1),
  )
  await tx`
    insert into coverage_hole as h (dataset, instrument_id, trade_date, source, reason)
    select ${region.dataset}, i, d, ${region.source}, r
    from unnest(${sorted.map((m) => m.instrumentId)}::int[], ${sorted.map((m) => m.tradeDate)}::date[], ${sorted.map((m) => m.reason)}::text[]) as m(i, d, r)
    on conflict (dataset, instrument_id, trade_date, source) do update set last_seen_at = now(),
      answers = case when h.reason = any(${LACKING}) then h.answers + 1 else 1 end,
      first_seen_at = case when h.reason = any(${LACKING}) then h.first_seen_at else now() end,
      reason = case when excluded.reason = 'missing' and h.reason = any(${LACKING}) and h.first_seen_at < now() - ${ABSENT_AFTER}::interval
        then 'absent_upstream' else excluded.reason end`
}

async function holesOf(tx: Tx, region: HoleRegion): Promise<{ id: number; date: string }[]> {
  const ids = region.instruments as number[] | null
  return await tx<{ id: number; date: string }[]>`
    select instrument_id as id, trade_date as date from coverage_hole
    where dataset = ${region.dataset} and source = ${region.source} and trade_date between ${region.from} and ${region.to}
      and ${ids === null ? tx`true` : tx`instrument_id = any(${ids})`}`
}
