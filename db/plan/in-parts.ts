import { hasMore, partCount, partsWithout } from '../../market/valuation.ts'
import type { WantedItem } from '../../planning/types.ts'
import { subtractCovered } from '../../planning/wanted.ts'
import type { StoredCoverage } from '../queries/planning.ts'
import { plannedCoverage } from './along.ts'
import { exceedsDay, type ReadyCandidate, servesOf, type Skipped } from './candidates.ts'
import { cellsInput, type CellsInput, cut, rangeOf, unreachable, unservedExchanges } from './cells.ts'
import { type DatasetPlan, type DatedInput, type PlannedPart, planOf } from './shape.ts'
import { wantedShares } from './wanted.ts'

/**
 * Batches of a dataset that takes several sources to be whole. Those that have most of it come first; each of the others is
 * asked for the cells that nobody has brought, or will bring, with all that it has itself.
 */
export async function planInParts(input: DatedInput): Promise<DatasetPlan[]> {
  const own = await cellsInput(input)
  const ordered = own.candidates.toSorted((a, b) => partCount(b.name) - partCount(a.name))
  const parts: PlannedPart[] = []
  const skipped: Skipped[] = []
  let held: readonly StoredCoverage[] = own.covered
  for (const candidate of ordered) {
    const items = lackingOf(own, candidate, held)
    if (ordered.length > 1 && exceedsDay(candidate, items, own.market)) {
      skipped.push({ source: candidate.name, reason: 'the plan exceeds what it may safely be asked' })
      continue
    }
    // What another one would bring of such a batch is not all that is wanted of it. The one that comes first for the whole
    // run may be stood in for all the same: some of it is better than nothing.
    const isFirst = candidate === ordered[0] && candidate === own.candidates[0]
    const bound = !isFirst || own.params.source_mode === 'parallel'
    const range = rangeOf(own, [candidate])
    const mine = cut(own, { candidates: [candidate], items, range, bound }).parts
    parts.push(...mine)
    const regions = mine.flatMap(({ batches }) => batches.map(({ region }) => region))
    held = [...held, ...plannedCoverage(candidate, regions)]
  }
  const plan = planOf(own.dataset, ordered, {
    parts,
    range: rangeOf(own, ordered),
    skipped: [...own.skipped, ...skipped],
    notes: notesOf(own, ordered, held),
  })
  return [plan]
}

/** Cells of which nobody has all that the candidate has. */
function lackingOf(
  input: CellsInput,
  candidate: ReadyCandidate,
  held: readonly StoredCoverage[],
): readonly WantedItem[] {
  const range = rangeOf(input, [candidate])
  if (range === null) return []
  const covered = held.filter(({ source }) => !hasMore(input.dataset, candidate.name, source))
  const shares = wantedShares({ ...input, candidates: [candidate], want: 'any', range, covered })
  return shares.flatMap(({ items }) => items)
}

function notesOf(
  input: CellsInput,
  candidates: readonly ReadyCandidate[],
  held: readonly StoredCoverage[],
): string[] {
  if (candidates.length === 0) return []
  const { params, instruments, market } = input
  const along = (input.along ?? []).map(({ source }) => `comes with the bars of ${source}`)
  const without = partsWithout(candidates.map(({ name }) => name))
  const range = rangeOf(input, candidates)
  const served = instruments.filter((instrument) => candidates.some((each) => servesOf(each)(instrument)))
  // A run of all dates says nothing of the years that no source has.
  const left =
    range === null || !params.start_date || params.mend
      ? []
      : subtractCovered({ instruments: served, range, calendar: market.calendar, covered: held })
  return [
    ...unservedExchanges(input),
    ...new Set(along),
    ...without.map((title) => `${title}: no source that is switched on`),
    ...unreachable(left),
  ]
}
