import { addDays, type TradeDate } from '../../market/date.ts'
import { exchangesOf } from '../../market/sources.ts'
import { dueDates, firstListing } from '../../planning/market-facts.ts'
import { planEventRanges } from '../../planning/plan.ts'
import type { DateRange } from '../../planning/types.ts'
import { MARKET_ID } from '../../planning/wanted.ts'
import type { StoredCoverage } from '../queries/planning.ts'
import type { ReadyCandidate } from './candidates.ts'
import { withoutRecheck } from './reread.ts'
import { type DatasetPlan, type DatedInput, partOf, planOf } from './shape.ts'
import { counting, loadCovered } from './wanted.ts'

/** Years of events that no coverage of the whole market holds yet. */
export async function planEvents(input: DatedInput): Promise<DatasetPlan[]> {
  const { context, params, dataset, candidates, skipped } = input
  const covered = await loadCovered(context.sql, dataset, params.refresh)
  if (params.source_mode === 'all') {
    return candidates.map((candidate, i) =>
      planOf(dataset, [candidate], {
        ...eventsFor(input, candidate, counting(covered, 'each', candidate), true),
        skipped: i === 0 ? skipped : [],
      }),
    )
  }
  const [first] = candidates
  const counted = first ? counting(covered, params.want ?? 'any', first) : []
  return [planOf(dataset, candidates, { ...(first && eventsFor(input, first, counted, false)), skipped })]
}

function eventsFor(
  { context, params, dataset, market }: DatedInput,
  candidate: ReadyCandidate,
  covered: readonly StoredCoverage[],
  bound: boolean,
): Pick<DatasetPlan, 'parts' | 'range'> {
  const { now, historyStart } = context
  const due = dueDates(now(), historyStart, params, candidate.capability, market.calendar)
  const range = due && sinceListing(due, firstListing(market))
  // What a run mends is known cell by cell, and events have none.
  if (range === null || params.mend) return { parts: [], range }
  const known = withoutRecheck({ params, dataset, market }, candidate, covered, range)
    .filter(({ source }) => servesAllOf(candidate, exchangesOf(source)))
    .flatMap(({ ranges }) => ranges.get(MARKET_ID) ?? [])
  // One for each part that a source asks one by one, e.g. each index.
  const calls = Math.max(1, candidate.source.partsOf(dataset).length)
  const batches = gapsOf(range, known)
    .flatMap((gap) => planEventRanges(gap.from, gap.to))
    .map((region) => ({ dataset, region, calls, cells: 0 }))
  return { parts: [partOf(candidate, batches, { bound })], range }
}

/** Before the first stock is listed nothing happens to any, and no index has members. */
function sinceListing(due: DateRange, first: TradeDate | null): DateRange | null {
  if (first === null || first <= due.from) return due
  return first > due.to ? null : { from: first, to: due.to }
}

/** What is known of fewer exchanges than the candidate serves is not all of it. */
const servesAllOf = ({ capability }: ReadyCandidate, exchanges: readonly string[]): boolean =>
  capability.exchanges.every((exchange) => exchanges.includes(exchange))

/** The days of a range that no covered range holds. */
function gapsOf(range: DateRange, covered: readonly DateRange[]): DateRange[] {
  const gaps: DateRange[] = []
  let from: TradeDate = range.from
  for (const known of covered.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    if (known.to < from || known.from > range.to) continue
    if (known.from > from) gaps.push({ from, to: addDays(known.from, -1) })
    from = addDays(known.to, 1)
  }
  if (from <= range.to) gaps.push({ from, to: range.to })
  return gaps
}
