import { claimBatch, type NewBatch, splitBatch } from '../db/queries/batches.ts'
import { loadCoverage } from '../db/queries/planning.ts'
import type { SourceCall } from '../market/capability.ts'
import { MARKET_ID } from '../planning/wanted.ts'
import { callsOfRegion, remainingRegion, splitRegion } from '../planning/calls.ts'
import { expectedRows } from '../planning/expected.ts'
import { servedPart } from '../planning/served.ts'
import type { Region } from '../planning/types.ts'
import type { SeqRanges } from '../workflows/contract/messages.ts'
import type { Work } from './batch-work.ts'
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

export async function takeBatch(work: Work): Promise<ClaimResult> {
  const { batch, source } = work
  if (batch.state === 'split') return await split(work, [])
  if (batch.call_list !== null && batch.claimed_by === source.name)
    return await claimed(work, batch.call_list, batch.region, false)
  const left = await leftFor(work)
  if (left === null) return await claimed(work, [], batch.region, true)
  const { served, unserved } = servedPart({ ...callContext(work), region: left, lastReady: work.lastReady })
  if (served === null) return { kind: 'unserved' }
  const calls = callsOfRegion({ ...callContext(work), region: served })
  if (unserved.length === 0 && calls.length <= MAX_CALLS) return await claimed(work, calls, served, true)
  const parts = calls.length > MAX_CALLS ? splitRegion({ ...callContext(work), region: served }) : [served]
  return await split(work, [...parts, ...unserved])
}

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

/** The region without what is done; null when nothing is left. */
async function leftFor(work: Work): Promise<Region | null> {
  const { batch, market, capability, run } = work
  const done = batch.claimed_by === null ? [] : (batch.call_list ?? []).slice(0, batch.cursor)
  const left = remainingRegion({
    region: batch.region,
    done,
    instrumentsById: market.byId,
    calendar: market.calendar,
  })
  // A symbol's whole history came with an earlier batch, when that had another piece of it.
  return left?.kind === 'symbols' && capability.sparse && !run.params.refresh
    ? await withoutCovered(work, left)
    : left
}

async function withoutCovered(
  { deps, batch, source }: Work,
  region: Extract<Region, { kind: 'symbols' }>,
): Promise<Region | null> {
  const [coverage] = await loadCoverage(deps.db.sql, batch.dataset, [source.name])
  const items = region.items.filter((item) => {
    const ranges = [...(coverage?.ranges.get(item.id) ?? []), ...(coverage?.ranges.get(MARKET_ID) ?? [])]
    return !ranges.some(({ from, to }) => from <= item.from && to >= item.to)
  })
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
  const seqs = await splitBatch(deps.db.sql, input, batch, children)
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
