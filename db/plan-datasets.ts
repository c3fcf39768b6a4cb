import { type Dataset, DATASETS, isReportDataset, kindOf } from '../market/datasets.ts'
import { addDays, shanghaiClock } from '../market/date.ts'
import { reportCalendar } from '../market/report-periods.ts'
import type { RunParams } from '../market/run-params.ts'
import { comesInParts } from '../market/valuation.ts'
import { type MarketFacts, marketFacts } from '../planning/market-facts.ts'
import type { PlanInstrument } from '../planning/types.ts'
import type { Sql } from './client.ts'
import { comingAlong } from './plan/along.ts'
import { planAnnounced } from './plan/announced.ts'
import { candidatesOf, readyCandidate } from './plan/candidates.ts'
import { planCells } from './plan/cells.ts'
import { planEvents } from './plan/events.ts'
import { planFailed } from './plan/failed.ts'
import { freshList } from './plan/fresh.ts'
import { planInParts } from './plan/in-parts.ts'
import { planLists } from './plan/lists.ts'
import { type DatasetPlan, type PlanContext, planOf } from './plan/shape.ts'
import { failuresToRetry } from './queries/failures.ts'
import { loadCalendar, loadInstruments } from './queries/planning.ts'

/*
 * Wanted − covered → batches. Reads only: a run stores what comes out, a dry run shows it, and both get the same plan.
 */

export type { DatasetPlan, PlanContext } from './plan/shape.ts'

/** The plans of the datasets of one stage. */
export async function planDatasetsOf(
  context: PlanContext,
  datasets: readonly Dataset[],
  params: RunParams,
): Promise<DatasetPlan[]> {
  const plans: DatasetPlan[] = []
  for (const dataset of datasets) plans.push(...(await planDataset(context, params, dataset, plans)))
  return plans
}

/** Reads calendar and instruments of a dataset, whoever serves them. */
export async function loadMarketFacts(sql: Sql, dataset: Dataset, now: Date): Promise<MarketFacts> {
  const instruments = await loadInstruments(sql, kindOf(dataset))
  if (!isReportDataset(dataset)) return marketFacts(await loadCalendar(sql), instruments)
  return marketFacts(reportCalendar(shanghaiClock(now).date), instruments.map(reporting))
}

// A prospectus holds the reports of three years before the listing.
export const REPORTED_BEFORE_DAYS = 3 * 366

/** An instrument with the days on which it has reports in the place of its listing. */
export const reporting = <T extends PlanInstrument>(instrument: T): T => ({
  ...instrument,
  listDate: instrument.listDate === null ? null : addDays(instrument.listDate, -REPORTED_BEFORE_DAYS),
})

async function planDataset(
  context: PlanContext,
  params: RunParams,
  dataset: Dataset,
  before: readonly DatasetPlan[],
): Promise<DatasetPlan[]> {
  const failed =
    params.failures === undefined ? null : await failuresToRetry(context.sql, dataset, params.failures)
  if (failed?.length === 0) return []
  const { candidates, skipped, riders } = candidatesOf(context.sources, dataset)
  if (candidates.length === 0) {
    const notes = riders.map(({ source, ridesOn }) => `comes with ${ridesOn} of ${source}`)
    return [planOf(dataset, [], { skipped, notes })]
  }
  const ridden = riders.map(({ source, ridesOn }) => ({ source, reason: `comes with its ${ridesOn}` }))
  const others = [...skipped, ...ridden]
  const { cell } = DATASETS[dataset]
  const fresh = cell === 'static' && failed === null ? await freshList(context, params, dataset) : null
  if (fresh !== null) return [planOf(dataset, [], { notes: [fresh] })]
  if (cell === 'static') return planLists(dataset, params, candidates, others)
  const market = await loadMarketFacts(context.sql, dataset, context.now())
  const facts = { now: context.now(), depths: context.depths, market }
  const ready = candidates.map((candidate) => readyCandidate(candidate, dataset, facts))
  const along = comingAlong(dataset, ready, before, params)
  const input = { context, params, dataset, candidates: ready, skipped: others, market, along }
  if (failed) return await planFailed(input, failed)
  if (cell === 'event') return await planEvents(input)
  const { announced_from: from, announced_to: to } = params
  if (isReportDataset(dataset) && from !== undefined && to !== undefined)
    return await planAnnounced({ ...input, dataset }, { from, to })
  // Whoever does everything, or replaces what is of lower rank, does it with all that a source has anyway.
  const isForAny = params.source_mode !== 'all' && (params.want ?? 'any') === 'any'
  return comesInParts(dataset) && isForAny ? await planInParts(input) : await planCells(input)
}
