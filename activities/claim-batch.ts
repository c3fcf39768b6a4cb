import { claimBatch, type NewBatch, splitBatch } from '../db/queries/batches.ts'
import { loadCoverage } from '../db/queries/planning.ts'
import type { RunParams } from '../market/run-params.ts'
import type { SourceCall } from '../market/capability.ts'
import { MARKET_ID, subtractCovered } from '../planning/wanted.ts'
import { callsOfRegion, remainingRegion, splitRegion } from '../planning/calls.ts'
import { expectedRows } from '../planning/expected.ts'
import { servedPart } from '../planning/served.ts'
import type { Region } from '../planning/types.ts'
import type { SeqRanges } from '../workflows/contract/messages.ts'
import { countsSymbols, type Work } from './batch-work.ts'
import { areAllowed, askable, expecting } from './report-calls.ts'
import { toRanges } from './seq-ranges.ts'

/*
 * What becomes of a batch when a source takes it.
 *
 *   begun by the same source      → its calls, from the cursor on
 *   begun by another              → calls for what that one left
 *   partly of no use to it        → split: what it serves, and the rest for others
 *   too many calls                → split
 */

// A batch that the source would need more calls for is split: an activity should be over in minutes.
const MAX_CALLS = 60

export type ClaimResult =
  | { kind: 'claimed'; calls: SourceCall[]; cursor: number }
  | { kind: 'split'; children: SeqRanges }
  /** Nothing of it is of the kind that the source has. */
  | { kind: 'unserved' }
  /** Somebody else changed it meanwhile. */
  | { kind: 'changed' }

/** Claims a batch for its source, with the calls that are left of it; or splits it. */
export async function takeBatch(work: Work): Promise<ClaimResult> {
  const { batch, source } = work
  if (batch.state === 'split') return await split(work, [])
  const begun = batch.call_list?.slice(batch.cursor) ?? []
  if (batch.call_list !== null && batch.claimed_by === source.name && areAllowed(work, begun))
    return await claimed(work, batch.call_list, batch.region, false)
  const done = batch.claimed_by === null ? [] : (batch.call_list ?? []).slice(0, batch.cursor)
  const region = without(work, batch.region, done)
  const left = region && (await askable(work, region))
  if (left === null) return await claimed(work, [], batch.region, true)
  const { served, unserved } = servedPart({ ...callContext(work), region: left, lastReady: work.lastReady })
  if (served === null) return { kind: 'unserved' }
  const open = await withoutBrought(work, served)
  const calls = open === null ? [] : expecting(work, callsOfRegion({ ...callContext(work), region: open }))
  if (unserved.length === 0 && calls.length <= MAX_CALLS)
    return await claimed(work, calls, open ?? served, true)
  const parts =
    open === null
      ? []
      : calls.length > MAX_CALLS
        ? splitRegion({ ...callContext(work), region: open })
        : [open]
  return await split(work, [...parts, ...unserved])
}

/** True for runs that want what is covered, or what of it is lost: the region says exactly which cells. */
const asksAgain = ({ refresh, recheck = 0, recheck_share, mend }: RunParams): boolean =>
  refresh === true || recheck > 0 || recheck_share === true || mend === true

/** What calls depend on besides the region. */
export function callContext({ batch, source, market, capability }: Omit<Work, 'input' | 'run' | 'deps'>) {
  const parts = source.partsOf(batch.dataset)
  return {
    dataset: batch.dataset,
    capability,
    instrumentsById: market.byId,
    calendar: market.calendar,
    marketRows: market.marketRows,
    ...(parts.length > 0 ? { parts } : {}),
  }
}

/** The region without what calls brought; null when nothing is left. */
const without = ({ market }: Work, region: Region, done: readonly SourceCall[]): Region | null =>
  remainingRegion({ region, done, instrumentsById: market.byId, calendar: market.calendar })

/**
 * The region without what the source has brought with other batches; null when nothing is left. One that a batch was not
 * planned for may have brought more than was wanted of it: the whole market of a day, the whole history of a stock.
 *
 * @param region one that the source serves
 */
async function withoutBrought(work: Work, region: Region): Promise<Region | null> {
  const { deps, batch, source, run, market, isPlannedFor } = work
  if (isPlannedFor || asksAgain(run.params)) return region
  if (region.kind !== 'symbols' && region.kind !== 'market') return region
  const [coverage] = await loadCoverage(deps.db.sql, batch.dataset, [source.name])
  if (!coverage) return region
  if (region.kind === 'market') {
    const ranges = coverage.ranges.get(MARKET_ID) ?? []
    // A day of which it lacks a single cell is asked for again.
    const holed = new Set([...coverage.holes.values()].flat())
    const dates = region.dates.filter(
      (date) => holed.has(date) || !ranges.some(({ from, to }) => from <= date && date <= to),
    )
    return dates.length === 0 ? null : { ...region, dates }
  }
  const instruments = [...new Set(region.items.map(({ id }) => id))].flatMap(
    (id) => market.byId.get(id) ?? [],
  )
  const wanted = subtractCovered({
    instruments,
    range: region,
    calendar: market.calendar,
    covered: [coverage],
  })
  const open = new Map(wanted.map(({ instrument, ranges }) => [instrument.id, ranges]))
  const items = region.items.flatMap(({ id, from, to }) =>
    (open.get(id) ?? [])
      .filter((range) => range.from <= to && range.to >= from)
      .map((range) => ({
        id,
        from: range.from > from ? range.from : from,
        to: range.to < to ? range.to : to,
      })),
  )
  return items.length === 0 ? null : { ...region, items }
}

async function claimed(
  { deps, input, batch }: Work,
  calls: SourceCall[],
  region: Region,
  anew: boolean,
): Promise<ClaimResult> {
  const seen = { cursor: batch.cursor, claimed_by: batch.claimed_by }
  const taken = await claimBatch(deps.db.sql, { ...input }, seen, { calls, region, anew })
  return taken ? { kind: 'claimed', calls, cursor: anew ? 0 : batch.cursor } : { kind: 'changed' }
}

async function split(work: Work, regions: readonly Region[]): Promise<ClaimResult> {
  const { deps, input, batch } = work
  const children = regions.map((region): NewBatch => ({
    dataset: batch.dataset,
    source: batch.source,
    region,
    calls: callCount(work, region),
    cells: cellsOf(region, work),
  }))
  const { stage, cursor } = batch
  const parent = { stage, cursor, countsSymbols: countsSymbols(work) }
  const seqs = await splitBatch(deps.db.sql, input, parent, children)
  return seqs.length === 0 && batch.state !== 'split'
    ? { kind: 'changed' }
    : { kind: 'split', children: toRanges(seqs) }
}

/** Calls that a region is expected to take; of what the source does not serve nobody knows yet. */
function callCount(work: Work, region: Region): number {
  const { served, unserved } = servedPart({ ...callContext(work), region, lastReady: work.lastReady })
  return served !== null && unserved.length === 0 ? callsOfRegion({ ...callContext(work), region }).length : 1
}

function cellsOf(region: Region, { market }: Pick<Work, 'market'>): number {
  const { calendar, byId, marketRows } = market
  switch (region.kind) {
    case 'list':
    case 'range':
      return 0
    case 'market':
      return region.dates.reduce(
        (sum, date) => sum + marketRows(calendar.firstAtOrAfter(date), region.exchanges),
        0,
      )
    case 'symbols':
      return region.items.reduce((sum, { id, from, to }) => {
        const instrument = byId.get(id)
        return instrument ? sum + expectedRows(instrument, from, to, calendar) : sum
      }, 0)
  }
}
