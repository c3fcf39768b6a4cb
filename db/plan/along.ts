import type { Dataset } from '../../market/datasets.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { Exchange } from '../../market/symbol.ts'
import { ofExchanges } from '../../planning/exchanges.ts'
import type { DateRange, Region } from '../../planning/types.ts'
import { MARKET_ID } from '../../planning/wanted.ts'
import type { StoredCoverage } from '../queries/planning.ts'
import type { Candidate } from './candidates.ts'
import type { DatasetPlan } from './shape.ts'

/*
 * What comes along with answers that are planned already, as if it were covered: no call is planned for it again.
 */

/** @param plans those of the same stage that were made before */
export function comingAlong(
  dataset: Dataset,
  candidates: readonly Candidate[],
  plans: readonly DatasetPlan[],
  params: RunParams,
): StoredCoverage[] {
  return candidates.flatMap((candidate) => {
    const { ridesOn } = candidate.capability
    return plans
      .filter((plan) => plan.dataset === ridesOn && isSure(plan, params))
      .flatMap((plan) => plan.parts)
      .filter((part) => part.source === candidate.name)
      .flatMap(({ batches }) =>
        plannedCoverage(
          candidate,
          batches.map(({ region }) => region),
        ),
      )
  })
}

/** Side by side, sources take the batches of one list as they come: nobody knows which of them are a source's. */
const isSure = (plan: DatasetPlan, { source_mode }: RunParams): boolean =>
  source_mode !== 'parallel' || plan.sources.length === 1

/** Regions that a source will bring as coverage of its own, as far as it has such calls for the dataset. */
export function plannedCoverage(
  { name, capability }: Candidate,
  regions: readonly Region[],
): StoredCoverage[] {
  const symbols = new Map<number, DateRange[]>()
  const days = new Map<string, { exchanges: readonly Exchange[]; ranges: DateRange[] }>()
  for (const region of regions) {
    if (region.kind === 'symbols' && capability.bySymbols) {
      for (const { id, from, to } of region.items) symbols.set(id, [...(symbols.get(id) ?? []), { from, to }])
    } else if (region.kind === 'market' && (capability.byDate ?? capability.bySymbols)) {
      const exchanges = region.exchanges ?? capability.exchanges
      const known = days.get(exchanges.join()) ?? { exchanges, ranges: [] }
      days.set(exchanges.join(), known)
      for (const date of region.dates) known.ranges.push({ from: date, to: date })
    }
  }
  const holes = new Map<number, string[]>()
  return [
    ...(symbols.size > 0 ? [{ source: name, serves: () => false, ranges: symbols, holes }] : []),
    ...[...days.values()].map(({ exchanges, ranges }) => ({
      source: name,
      serves: ofExchanges(exchanges.filter((exchange) => capability.exchanges.includes(exchange))),
      ranges: new Map([[MARKET_ID, ranges]]),
      holes,
    })),
  ]
}
