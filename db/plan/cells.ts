import { counted } from '../../market/counted.ts'
import { isReportDataset } from '../../market/datasets.ts'
import type { Want } from '../../market/run-params.ts'
import { ALL_EXCHANGES, ofExchanges } from '../../planning/exchanges.ts'
import { largestAnswer } from '../../planning/estimate.ts'
import { dueDates } from '../../planning/market-facts.ts'
import { planRegions } from '../../planning/plan.ts'
import { servedItems } from '../../planning/served.ts'
import type { DateRange, PlanInstrument, WantedItem } from '../../planning/types.ts'
import { instrumentIds, type StoredCoverage } from '../queries/planning.ts'
import { type ReadyCandidate, withExchange, withinLimits } from './candidates.ts'
import { rereadOf, type Reread, withoutRecheck } from './reread.ts'
import { type DatasetPlan, type DatedInput, partOf, placeOf, type PlannedPart, planOf } from './shape.ts'
import { joined, loadCovered, wantedShares } from './wanted.ts'

/*
 * Batches of a dataset with one row per instrument and session, or with reports per company and report period.
 *
 * Normally a list of batches that any candidate may do, planned for the first; what that one does not serve for the next,
 * and so on. Batches that only one source is to do name it: all of them when every source does everything or in an
 * upgrade, and those of a source that may not be asked for the rest.
 */

export interface CellsInput extends DatedInput {
  instruments: readonly PlanInstrument[]
  reread: Reread
  covered: readonly StoredCoverage[]
}

export async function planCells(input: DatedInput): Promise<DatasetPlan[]> {
  const own = await cellsInput(input)
  const [first = planOf(own.dataset, [], { skipped: own.skipped }), ...others] = plansOf(own)
  return [{ ...first, notes: [...unservedExchanges(own), ...first.notes] }, ...others]
}

/** With the instruments that the run is about, those who serve some of them, and what is covered or comes along. */
export async function cellsInput(input: DatedInput): Promise<CellsInput> {
  const { context, params, dataset, along = [] } = input
  const instruments = await chosen(input)
  const { kept, skipped } = withExchange(input.candidates, instruments)
  const covered = await loadCovered(context.sql, dataset, params.refresh)
  const range = rangeOf(input, kept)
  return {
    ...input,
    candidates: kept,
    skipped: [...input.skipped, ...skipped],
    instruments,
    covered: [...withoutRecheck(input, kept[0], covered, range), ...along],
    reread: rereadOf(input, covered, range),
  }
}

function plansOf(input: CellsInput): DatasetPlan[] {
  if (input.params.source_mode === 'all') return planForEach(input)
  return [input.params.want === 'upgrade' ? planUpgrade(input) : planForAny(input)]
}

async function chosen({ context, params, market, only }: DatedInput): Promise<readonly PlanInstrument[]> {
  if (only) return only.map(({ instrument }) => instrument)
  if (!params.symbols) return market.instruments
  const ids = await instrumentIds(context.sql, params.symbols)
  return [...new Set(ids.values())].flatMap((id) => market.byId.get(id) ?? [])
}

/** From the first date that some candidate has to the newest that is ready at the first. */
export function rangeOf(
  { context, params, dataset, market }: DatedInput,
  candidates: readonly ReadyCandidate[],
): DateRange | null {
  const [first] = candidates
  if (!first) return null
  const starts = candidates.map(({ capability }) => capability.historyStart).sort()
  const reach = { readyTime: first.capability.readyTime, historyStart: starts[0] ?? '' }
  const start = isReportDataset(dataset) ? context.financeStart : context.historyStart
  return dueDates(context.now(), start, params, reach, market.calendar)
}

/** Wanted cells by the candidate that is planned for them. */
function sharesOf(input: CellsInput, candidates: readonly ReadyCandidate[], want: Want) {
  const range = rangeOf(input, candidates)
  return range === null ? [] : wantedShares({ ...input, candidates, want, range })
}

function planForAny(input: CellsInput): DatasetPlan {
  const { params, dataset, candidates, market } = input
  const want = params.want ?? 'any'
  const all = joined(sharesOf(input, candidates, want))
  const { kept, skipped, exceeding } = withinLimits(candidates, () => all, market)
  // Who may not be asked for everything is the only one for what the others do not serve.
  const ordered = [...kept, ...exceeding]
  const items = exceeding.length > 0 ? joined(sharesOf(input, ordered, want)) : all
  const range = rangeOf(input, ordered)
  const shared = cut(input, { candidates: kept, items, range, bound: false })
  const bound = cut(input, { candidates: exceeding, items: shared.left, range, bound: true })
  const isNeeded = ({ name }: ReadyCandidate) => bound.parts.some(({ source }) => source === name)
  return planOf(dataset, kept, {
    parts: [...shared.parts, ...bound.parts],
    range,
    sources: [
      ...kept.map(placeOf),
      ...exceeding.filter(isNeeded).map((each) => ({ ...placeOf(each), boundOnly: true as const })),
    ],
    skipped: [...input.skipped, ...skipped],
    notes: unreachable(bound.left),
  })
}

/** Each cell from the best source that has its exchange: from another it would be no upgrade. */
function planUpgrade(input: CellsInput): DatasetPlan {
  const { dataset, candidates, skipped } = input
  const range = rangeOf(input, candidates)
  const shares = sharesOf(input, candidates, 'upgrade').map(({ candidate, items }) =>
    cut(input, { candidates: [candidate], items, range, bound: true }),
  )
  return planOf(dataset, candidates, {
    parts: shares.flatMap(({ parts }) => parts),
    range,
    skipped,
    notes: unreachable(shares.flatMap(({ left }) => left)),
  })
}

/** Every source does all that it has not done itself. */
function planForEach(input: CellsInput): DatasetPlan[] {
  const { dataset, candidates, market } = input
  const items = new Map(candidates.map((each) => [each, joined(sharesOf(input, [each], 'each'))]))
  const { kept, skipped } = withinLimits(candidates, (each) => items.get(each) ?? [], market)
  return kept.map((candidate, i) => {
    const range = rangeOf(input, [candidate])
    const own = { candidates: [candidate], items: items.get(candidate) ?? [], range, bound: true }
    return planOf(dataset, [candidate], {
      parts: cut(input, own).parts,
      range,
      skipped: i === 0 ? [...input.skipped, ...skipped] : [],
    })
  })
}

interface Cut {
  candidates: readonly ReadyCandidate[]
  items: readonly WantedItem[]
  range: DateRange | null
  bound: boolean
}

/** Batches for what each candidate serves of what those before it left. */
export function cut(input: CellsInput, { candidates, items, range, bound }: Cut) {
  const { context, dataset, market } = input
  const { calendar, marketRows } = market
  let left = items
  const parts: PlannedPart[] = []
  for (const candidate of candidates) {
    const { resolved: capability, lastReady } = candidate
    const { served, unserved } = servedItems(left, { capability, calendar, lastReady })
    left = unserved
    if (served.length === 0 || range === null) continue
    const planned = planRegions({
      items: served,
      calendar,
      capability,
      marketRows,
      maxSymbolsPerBatch: isReportDataset(dataset) ? context.financeBatchSize : context.batchSize,
    })
    const batches = planned.map((batch) => ({ dataset, ...batch }))
    const most = largestAnswer({ capability, range, calendar, marketRows })
    parts.push(partOf(candidate, batches, { bound, largestAnswer: most }))
  }
  return { parts, left }
}

/** Exchanges that a run is about and that nobody who is switched on has. */
export function unservedExchanges({ params, instruments, candidates }: CellsInput): string[] {
  const unserved = ALL_EXCHANGES.filter(
    (exchange) => !candidates.some(({ capability }) => capability.exchanges.includes(exchange)),
  )
  return unserved
    .filter((exchange) => !params.symbols || instruments.some(ofExchanges([exchange])))
    .map((exchange) => `${exchange}: no source`)
}

export function unreachable(items: readonly WantedItem[]): string[] {
  if (items.length === 0) return []
  const ranges = items.flatMap((item) => item.ranges)
  const [from = ''] = ranges.map((range) => range.from).sort()
  const to =
    ranges
      .map((range) => range.to)
      .sort()
      .at(-1) ?? ''
  return [
    `${counted(items.length, 'symbol wants', 'symbols want')} dates from ${from} to ${to} that no source can be asked for`,
  ]
}
