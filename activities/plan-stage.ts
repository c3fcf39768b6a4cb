import type { Capability } from '../market/capability.ts'
import { addDays, type TradeDate } from '../market/date.ts'
import { DATASETS, type Dataset } from '../market/datasets.ts'
import type { SourceName } from '../market/sources.ts'
import { insertBatches, type NewBatch, openBatches, stagePlanned } from '../db/queries/batches.ts'
import { recordFailures } from '../db/queries/failures.ts'
import { logRun } from '../db/queries/logs.ts'
import { instrumentIds, loadCoverage } from '../db/queries/planning.ts'
import { lockOwnedRun, runTotals } from '../db/queries/runs.ts'
import { planEventRanges, planRegions } from '../planning/plan.ts'
import type { DateRange, PlanInstrument } from '../planning/types.ts'
import { MARKET_ID, subtractCovered } from '../planning/wanted.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { PlannedStage, SeqRanges } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { dueRange, type LoadedRun, loadMarket, loadRun, type MarketFacts } from './run-context.ts'

/** Batches of one dataset, and symbols that were asked for and that no list knows. */
export interface DatasetPlan {
  dataset: Dataset
  source: SourceName | null
  capability: Capability | null
  batches: NewBatch[]
  unknownSymbols: string[]
  range: DateRange | null
}

/** Wanted − covered → batches of one stage, in one transaction. Planned already: what is still open. */
export async function planStage(
  deps: ActivityDeps,
  input: OwnedRun & { stage: number },
): Promise<PlannedStage> {
  const { sql } = deps.db
  if (!(await stagePlanned(sql, input.runId, input.stage))) {
    const run = await loadRun(deps, input.runId)
    const plans = await planDatasets(deps, run, input.stage)
    await storePlan(deps, run, input, plans)
  }
  return await plannedStage(deps, input.runId, input.stage)
}

/** What the database has open of a stage. */
export async function plannedStage(deps: ActivityDeps, runId: string, stage: number): Promise<PlannedStage> {
  const open = await openBatches(deps.db.sql, runId, stage)
  return {
    datasets: open.map(({ dataset, seqs, calls }) => ({ dataset, open: toRanges(seqs), calls })),
    totals: await runTotals(deps.db.sql, runId),
  }
}

/** The plan of a stage; reads only, so that a dry run shows what a run would do. */
export async function planDatasets(
  deps: ActivityDeps,
  run: LoadedRun,
  stage: number,
): Promise<DatasetPlan[]> {
  const plans: DatasetPlan[] = []
  for (const dataset of run.stages[stage] ?? []) plans.push(await planDataset(deps, run, dataset))
  return plans
}

async function planDataset(deps: ActivityDeps, run: LoadedRun, dataset: Dataset): Promise<DatasetPlan> {
  const [source, capability] = servedBy(deps, dataset)
  const plan: DatasetPlan = { dataset, source, capability, batches: [], unknownSymbols: [], range: null }
  if (source === null || capability === null) return plan
  if (DATASETS[dataset].cell === 'static') {
    const parts = deps.sources.get(source)?.partsOf(dataset) ?? []
    return {
      ...plan,
      batches: [{ dataset, region: { kind: 'list' }, calls: Math.max(1, parts.length), cells: 0 }],
    }
  }
  const market = await loadMarket(deps, capability)
  const range = dueRange(deps, run.params, capability, market.calendar)
  if (range === null) return plan
  const planned = { ...plan, range }
  if (DATASETS[dataset].cell === 'event')
    return { ...planned, batches: await planEvents(deps, run, dataset, source, range) }
  return await planCells(deps, run, { ...planned, source, capability, range }, market)
}

function servedBy(deps: ActivityDeps, dataset: Dataset): [SourceName, Capability] | [null, null] {
  for (const [name, source] of deps.sources) {
    const capability = source.capabilities[dataset]
    if (capability) return [name, capability]
  }
  return [null, null]
}

async function planEvents(
  deps: ActivityDeps,
  run: LoadedRun,
  dataset: Dataset,
  source: string,
  range: DateRange,
): Promise<NewBatch[]> {
  const [coverage] = run.params.refresh ? [] : await loadCoverage(deps.db.sql, dataset, [source])
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
  deps: ActivityDeps,
  run: LoadedRun,
  plan: DatasetPlan & { source: SourceName; capability: Capability; range: DateRange },
  market: MarketFacts,
): Promise<DatasetPlan> {
  const { dataset, source, capability, range } = plan
  const { instruments, unknown } = await chosen(deps, run, market)
  const covered = run.params.refresh ? [] : await loadCoverage(deps.db.sql, dataset, [source])
  const items = subtractCovered({ instruments, range, calendar: market.calendar, covered })
  const planned = planRegions({
    items,
    calendar: market.calendar,
    capability,
    marketRows: market.marketRows,
    maxSymbolsPerBatch: deps.settings.batchSize,
  })
  return { ...plan, batches: planned.map((batch) => ({ dataset, ...batch })), unknownSymbols: unknown }
}

async function chosen(
  deps: ActivityDeps,
  run: LoadedRun,
  market: MarketFacts,
): Promise<{ instruments: PlanInstrument[]; unknown: string[] }> {
  const { symbols } = run.params
  if (!symbols) return { instruments: market.instruments, unknown: [] }
  const ids = await instrumentIds(deps.db.sql, symbols)
  const wanted = new Set(ids.values())
  const instruments = market.instruments.filter((i) => wanted.has(i.id))
  const served = new Set(instruments.map((i) => i.id))
  return { instruments, unknown: symbols.filter((s) => !served.has(ids.get(s) ?? -1)) }
}

async function storePlan(
  deps: ActivityDeps,
  run: LoadedRun,
  input: OwnedRun & { stage: number },
  plans: DatasetPlan[],
): Promise<void> {
  await deps.db.sql.begin(async (tx) => {
    if (!(await lockOwnedRun(tx, input)) || (await stagePlanned(tx, input.runId, input.stage))) return
    for (const plan of plans) {
      await insertBatches(tx, input, plan.batches)
      await logPlan(tx, input.runId, plan)
    }
    const unknown = [...new Set(plans.flatMap((plan) => plan.unknownSymbols))]
    const [first] = plans
    if (unknown.length > 0 && first) {
      await recordFailures(tx, {
        job: run.job,
        dataset: first.dataset,
        source: first.source ?? 'none',
        symbols: unknown.map((symbol) => ({ id: null, symbol })),
        from: null,
        to: null,
        errorClass: 'BadRequest',
        message: 'no stock list names this symbol',
        runId: input.runId,
        maxRetries: deps.settings.maxFailureRetries,
      })
    }
    if (input.stage === run.stages.length - 1) await setTotal(tx, input)
  })
}

/** The run is about the symbols of its last stage; a list counts them when it has come. */
async function setTotal(
  tx: Parameters<typeof lockOwnedRun>[0],
  input: OwnedRun & { stage: number },
): Promise<void> {
  await tx`
    update sync_run set total = case
      when exists (select from sync_batch where run_id = ${input.runId} and stage = ${input.stage} and instruments is null)
        then (select count(*) from instrument where kind = 'stock' and not stub)
      else (select count(distinct i) from sync_batch, unnest(instruments) i where run_id = ${input.runId} and stage = ${input.stage}) end
    where id = ${input.runId}`
}

async function logPlan(tx: Parameters<typeof logRun>[0], runId: string, plan: DatasetPlan): Promise<void> {
  const calls = plan.batches.reduce((sum, batch) => sum + batch.calls, 0)
  const message =
    plan.source === null
      ? `${plan.dataset}: no source that is switched on serves it`
      : `${plan.dataset}: ${plan.batches.length} batches, ${calls} calls planned for ${plan.source}`
  await logRun(tx, { runId, level: plan.source === null ? 'warn' : 'info', message })
}

/** 1, 2, 3, 7 → `[[1, 3], [7, 7]]`. */
export function toRanges(seqs: readonly number[]): SeqRanges {
  const ranges: SeqRanges = []
  for (const seq of seqs) {
    const last = ranges.at(-1)
    if (last?.[1] === seq - 1) last[1] = seq
    else ranges.push([seq, seq])
  }
  return ranges
}
