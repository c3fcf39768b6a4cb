import type { Capability, CapabilityTable } from '../market/capability.ts'
import { DATASETS, type Dataset } from '../market/datasets.ts'
import { addDays, type TradeDate } from '../market/date.ts'
import type { RunParams } from '../market/run-params.ts'
import type { SourceName } from '../market/sources.ts'
import { dueDates, type MarketFacts, marketFacts } from '../planning/market-facts.ts'
import { planEventRanges, planRegions } from '../planning/plan.ts'
import type { DateRange, PlanInstrument } from '../planning/types.ts'
import { MARKET_ID, subtractCovered } from '../planning/wanted.ts'
import type { Sql } from './client.ts'
import type { NewBatch } from './queries/batches.ts'
import { instrumentIds, loadCalendar, loadCoverage, loadInstruments } from './queries/planning.ts'

/*
 * Wanted − covered → batches. Reads only: a run stores what comes out, a dry run shows it, and both get the same plan.
 */

/** A source as planning knows it: what it can do, in no way how. */
export interface PlanSource {
  capabilities: CapabilityTable
  /** The requests that make up a list. */
  partsOf(dataset: Dataset): readonly string[]
}

export interface PlanContext {
  sql: Sql
  /** Sources that are switched on, the preferred one first. */
  sources: ReadonlyMap<SourceName, PlanSource>
  historyStart: TradeDate
  batchSize: number
  now: () => Date
}

/** Batches of one dataset for the source that is expected to bring them. */
export interface DatasetPlan {
  dataset: Dataset
  source: SourceName | null
  capability: Capability | null
  batches: NewBatch[]
  range: DateRange | null
}

/** The plans of the datasets of one stage. */
export async function planDatasetsOf(
  context: PlanContext,
  datasets: readonly Dataset[],
  params: RunParams,
): Promise<DatasetPlan[]> {
  const plans: DatasetPlan[] = []
  for (const dataset of datasets) plans.push(await planDataset(context, params, dataset))
  return plans
}

/** Reads calendar and instruments, as far as a source serves them. */
export async function loadMarketFacts(sql: Sql, capability: Capability): Promise<MarketFacts> {
  const calendar = await loadCalendar(sql)
  return marketFacts(calendar, await loadInstruments(sql), capability)
}

async function planDataset(context: PlanContext, params: RunParams, dataset: Dataset): Promise<DatasetPlan> {
  const [source, capability] = servedBy(context, dataset)
  const plan: DatasetPlan = { dataset, source, capability, batches: [], range: null }
  if (source === null) return plan
  if (DATASETS[dataset].cell === 'static') {
    const parts = context.sources.get(source)?.partsOf(dataset) ?? []
    return {
      ...plan,
      batches: [{ dataset, region: { kind: 'list' }, calls: Math.max(1, parts.length), cells: 0 }],
    }
  }
  const market = await loadMarketFacts(context.sql, capability)
  const range = dueDates(context.now(), context.historyStart, params, capability, market.calendar)
  if (range === null) return plan
  const planned = { ...plan, range }
  if (DATASETS[dataset].cell === 'event')
    return { ...planned, batches: await planEvents(context, params, dataset, source, range) }
  return await planCells(context, params, { ...planned, source, capability, range }, market)
}

function servedBy(context: PlanContext, dataset: Dataset): [SourceName, Capability] | [null, null] {
  for (const [name, source] of context.sources) {
    const capability = source.capabilities[dataset]
    if (capability) return [name, capability]
  }
  return [null, null]
}

async function planEvents(
  context: PlanContext,
  params: RunParams,
  dataset: Dataset,
  source: string,
  range: DateRange,
): Promise<NewBatch[]> {
  const [coverage] = params.refresh ? [] : await loadCoverage(context.sql, dataset, [source])
  const gaps = gapsOf(range, coverage?.ranges.get(MARKET_ID) ?? [])
  return gaps
    .flatMap((gap) => planEventRanges(gap.from, gap.to))
    .map((region) => ({ dataset, region, calls: 1, cells: 0 }))
}

/** The days of a range that no covered range holds. */
function gapsOf(range: DateRange, covered: readonly DateRange[]): DateRange[] {
  const gaps: DateRange[] = []
  let from: TradeDate = range.from
  for (const known of covered) {
    if (known.to < from || known.from > range.to) continue
    if (known.from > from) gaps.push({ from, to: addDays(known.from, -1) })
    from = addDays(known.to, 1)
  }
  if (from <= range.to) gaps.push({ from, to: range.to })
  return gaps
}

async function planCells(
  context: PlanContext,
  params: RunParams,
  plan: DatasetPlan & { source: SourceName; capability: Capability; range: DateRange },
  market: MarketFacts,
): Promise<DatasetPlan> {
  const { dataset, source, capability, range } = plan
  const instruments = await chosen(context.sql, params, market)
  const covered = params.refresh ? [] : await loadCoverage(context.sql, dataset, [source])
  const items = subtractCovered({ instruments, range, calendar: market.calendar, covered })
  const planned = planRegions({
    items,
    calendar: market.calendar,
    capability,
    marketRows: market.marketRows,
    maxSymbolsPerBatch: context.batchSize,
  })
  return { ...plan, batches: planned.map((batch) => ({ dataset, ...batch })) }
}

async function chosen(sql: Sql, { symbols }: RunParams, market: MarketFacts): Promise<PlanInstrument[]> {
  if (!symbols) return market.instruments
  const ids = await instrumentIds(sql, symbols)
  return [...new Set(ids.values())].flatMap((id) => market.byId.get(id) ?? [])
}
