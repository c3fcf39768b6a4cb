import { type Dataset, DATASETS } from '../../market/datasets.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { Candidate, Skipped } from './candidates.ts'
import { type DatasetPlan, partOf, type PlannedPart, planOf } from './shape.ts'

/** One batch for the whole list, and one for each source that adds the list of an exchange. */
export function planLists(
  dataset: Dataset,
  params: RunParams,
  candidates: readonly Candidate[],
  skipped: Skipped[],
): DatasetPlan[] {
  if (params.source_mode === 'all') {
    return candidates.map((candidate, i) =>
      planOf(dataset, [candidate], {
        parts: [listOf(dataset, candidate, true)],
        skipped: i === 0 ? skipped : [],
      }),
    )
  }
  const [, ...others] = 'byExchange' in DATASETS[dataset] ? adding(candidates) : []
  const parts = [
    ...candidates.slice(0, 1).map((first) => listOf(dataset, first, false)),
    ...others.map((candidate) => listOf(dataset, candidate, true)),
  ]
  return [planOf(dataset, candidates, { parts, skipped })]
}

/** Candidates that serve an exchange which none before them does. */
function adding(candidates: readonly Candidate[]): Candidate[] {
  const served = new Set<string>()
  return candidates.filter(({ capability }) => {
    const before = served.size
    for (const exchange of capability.exchanges) served.add(exchange)
    return served.size > before
  })
}

function listOf(dataset: Dataset, candidate: Candidate, bound: boolean): PlannedPart {
  const calls = Math.max(1, candidate.source.partsOf(dataset).length)
  return partOf(candidate, [{ dataset, region: { kind: 'list' }, calls, cells: 0 }], { bound })
}
