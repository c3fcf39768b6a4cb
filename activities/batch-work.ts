import { ANY_SOURCE, type BatchRow } from '../db/queries/batches.ts'
import { loadDatasetPlans } from '../db/queries/run-plan.ts'
import type { Capability } from '../market/capability.ts'
import { DATASETS } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import { newestReady, resolveCapability } from '../planning/market-facts.ts'
import type { PlanInstrument, ResolvedCapability } from '../planning/types.ts'
import type { Source } from '../sources/contract.ts'
import type { BatchInput } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { depthOf } from './depth.ts'
import { lastAskable } from './report-calls.ts'
import { type LoadedRun, loadMarket, loadRun, type MarketFacts } from './run-context.ts'

/** A batch that is being worked on, with all that its calls need. */
export interface Work {
  deps: ActivityDeps
  input: BatchInput
  run: LoadedRun
  batch: BatchRow
  source: Source
  /** What the source can do for the batch's dataset, now. */
  capability: ResolvedCapability
  /** The newest session that the source may be asked for; null before the first. */
  lastReady: TradeDate | null
  /** The whole market, whoever serves it. */
  market: MarketFacts
  /** What the source serves of it. */
  served: readonly PlanInstrument[]
  /** False when the batch was made for another source that is not there now. */
  isPlannedFor: boolean
  /** Another source may do the batch as well. */
  hasOthers: boolean
  signal: AbortSignal
}

/**
 * Collects what the calls of a batch need: the run, the market, what the source may be asked for at this moment.
 *
 * @param capability what the source can do for the batch's dataset with the rights that its account has
 * @throws SourceError or BudgetLater where the source has to be asked first, e.g. how far back it reaches
 */
export async function prepareWork(
  deps: ActivityDeps,
  input: BatchInput,
  batch: BatchRow,
  source: Source,
  capability: Capability,
  signal: AbortSignal,
): Promise<Work> {
  const run = await loadRun(deps, input.runId)
  const market = await loadMarket(deps, batch.dataset)
  const lastReady =
    lastAskable(batch.region, batch.dataset, deps.now()) ??
    newestReady(deps.now(), capability, market.calendar)
  const depth = await depthOf(deps, source, batch.dataset, lastReady, signal)
  const plans = await loadDatasetPlans(deps.db.sql, input.runId)
  const plannedFor = batch.source === ANY_SOURCE ? plans[batch.dataset]?.source : batch.source
  // What its account may do instead of what was planned may bring more than was wanted, as another source may.
  const isPlannedFor = plannedFor === source.name && capability === source.capabilities[batch.dataset]
  const places = plans[batch.dataset]?.sources.filter(({ boundOnly }) => !boundOnly) ?? []
  const resolved = resolveCapability(capability, { now: deps.now(), calendar: market.calendar, depth })
  // Where two sources must not mix, one that steps in brings whole histories, never a day.
  const stepsIn = 'oneSource' in DATASETS[batch.dataset] && !isPlannedFor
  return {
    deps,
    input,
    run,
    batch,
    source,
    isPlannedFor,
    hasOthers: batch.source === ANY_SOURCE && places.length > 1,
    capability: stepsIn ? { ...resolved, byDate: null } : resolved,
    lastReady,
    market,
    served: market.servedBy(capability.exchanges),
    signal,
  }
}

/** In the last stage of a job a symbol is done when its last batch is; retries count nothing again. */
export const countsSymbols = ({ batch, run }: Work) => batch.stage === run.stages.length - 1
