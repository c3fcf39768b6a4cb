import { resolveInstruments } from '../db/instruments.ts'
import { type DatasetPlan, planDatasetsOf } from '../db/plan-datasets.ts'
import { ANY_SOURCE, insertBatches, openBatches, stagePlanned } from '../db/queries/batches.ts'
import { logRun } from '../db/queries/logs.ts'
import { keepDatasetPlans, loadDatasetPlans } from '../db/queries/run-plan.ts'
import { lockOwnedRun, runTotals } from '../db/queries/runs.ts'
import type { Shortfall } from '../db/queries/shortfalls.ts'
import { counted } from '../market/counted.ts'
import { DATASETS, isDataset } from '../market/datasets.ts'
import { scopeOf } from '../market/jobs.ts'
import type { SourceName } from '../market/sources.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { PlannedDataset, PlannedStage, SourcePlace } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { planContext } from './plan-context.ts'
import { rankedSources } from './ranking.ts'
import { resolveScope } from './resolve-scope.ts'
import { type LoadedRun, loadRun } from './run-context.ts'
import { toRanges } from './seq-ranges.ts'

/** Wanted − covered → batches of one stage, in one transaction. Planned already: what is still open. */
export async function planStage(
  deps: ActivityDeps,
  input: OwnedRun & { stage: number },
  signal: AbortSignal,
): Promise<PlannedStage> {
  const { sql } = deps.db
  if (!(await stagePlanned(sql, input.runId, input.stage))) {
    const loaded = await loadRun(deps, input.runId)
    // Failures are known without calendar and lists, which others need to find their dates.
    const isResolved = input.stage > 0 || scopeOf(loaded.job) === 'failures'
    const run = isResolved ? await resolveScope(deps, loaded) : loaded
    if (input.stage > 0) await openAskedSymbols(deps, run)
    const plans = await planDatasets(deps, run, input.stage, signal)
    await storePlan(deps, run, input, await asWanted(deps, run, plans))
  }
  return await plannedStage(deps, input.runId, input.stage)
}

/** A symbol that no list names is asked for all the same: the list may be older than the listing. */
async function openAskedSymbols(deps: ActivityDeps, run: LoadedRun): Promise<void> {
  const { symbols = [] } = run.params
  if (symbols.length > 0) await deps.db.sql.begin((tx) => resolveInstruments(tx, symbols, 'request'))
}

export interface StageOptions {
  /** Who goes first; as planned where it is left out. */
  order?: (dataset: string, places: readonly SourcePlace[]) => SourcePlace[]
  /** See `PlannedDataset`; an optional dataset always is. */
  dispensable?: boolean
  /** Sources that are not to be asked for single batches, as long as others are left. */
  without?: ReadonlyMap<number, readonly SourceName[]>
}

/** What the database has open of a stage. */
export async function plannedStage(
  deps: ActivityDeps,
  runId: string,
  stage: number,
  { order = (_, places) => [...places], dispensable = false, without = new Map() }: StageOptions = {},
): Promise<PlannedStage> {
  const { sql } = deps.db
  const plans = await loadDatasetPlans(sql, runId)
  const open = await openBatches(sql, runId, stage)
  return {
    datasets: open.flatMap(({ dataset, source, seqs, calls }) => {
      const known = plans[dataset]?.sources ?? []
      const places = order(dataset, source === ANY_SOURCE ? known.filter((place) => !place.boundOnly) : known)
      const own = source === ANY_SOURCE ? places : places.filter((place) => place.source === source)
      return groupedBy(seqs, without).map(({ left, seqs: some }): PlannedDataset => ({
        dataset,
        open: toRanges(some),
        calls: Math.ceil((calls * some.length) / seqs.length),
        ...(dispensable || isOptional(dataset) || isAddition(dataset, source)
          ? { dispensable: true as const }
          : {}),
        sources: othersThan(left, own),
      }))
    }),
    totals: await runTotals(sql, runId),
  }
}

function othersThan(left: readonly SourceName[], places: SourcePlace[]): SourcePlace[] {
  const others = places.filter(({ source }) => !left.includes(source))
  return others.length > 0 ? others : places
}

/** Batches by who is not to be asked for them. */
function groupedBy(
  seqs: readonly number[],
  without: ReadonlyMap<number, readonly SourceName[]>,
): { left: readonly SourceName[]; seqs: number[] }[] {
  const groups = new Map<string, { left: readonly SourceName[]; seqs: number[] }>()
  for (const seq of seqs) {
    const left = without.get(seq) ?? []
    const group = groups.get(left.join()) ?? { left, seqs: [] }
    group.seqs.push(seq)
    groups.set(left.join(), group)
  }
  return [...groups.values()]
}

/** What one source adds to a list that another one brings: a run can begin without it. */
const isAddition = (dataset: string, source: string): boolean =>
  isDataset(dataset) && 'byExchange' in DATASETS[dataset] && source !== ANY_SOURCE

const isOptional = (dataset: string): boolean => isDataset(dataset) && 'optional' in DATASETS[dataset]

/** The plan of a stage; writes nothing of it. */
export async function planDatasets(
  deps: ActivityDeps,
  run: LoadedRun,
  stage: number,
  signal: AbortSignal,
): Promise<DatasetPlan[]> {
  const datasets = run.stages[stage] ?? []
  return await planDatasetsOf(await planContext(deps, run, datasets, signal), datasets, run.params)
}

/** Planned for one that is up; a better one that rests now is wanted again as soon as it is up. */
async function asWanted(deps: ActivityDeps, run: LoadedRun, plans: DatasetPlan[]): Promise<DatasetPlan[]> {
  const set = await deps.sources.current()
  const ranked = await rankedSources(deps, set, run.params.preferred_sources ?? [], 'whatever rests')
  const rank = (name: SourceName) => ranked.find(({ source }) => source === name)?.rank ?? 99
  return plans.map((plan) => ({
    ...plan,
    sources: plan.sources.toSorted((a, b) => rank(a.source) - rank(b.source)),
  }))
}

async function storePlan(
  deps: ActivityDeps,
  run: LoadedRun,
  input: OwnedRun & { stage: number },
  plans: DatasetPlan[],
): Promise<void> {
  await deps.db.sql.begin(async (tx) => {
    if (!(await lockOwnedRun(tx, input)) || (await stagePlanned(tx, input.runId, input.stage))) return
    const bound = run.params.source_mode === 'all'
    for (const plan of plans) {
      const source = bound ? plan.source : null
      await insertBatches(
        tx,
        input,
        plan.batches.map((batch) => (source === null ? batch : { ...batch, source })),
      )
      await logPlan(tx, input.runId, plan)
    }
    await keepDatasetPlans(tx, input.runId, plans)
    if (input.stage === run.stages.length - 1) await setTotal(tx, input, run)
  })
}

/**
 * The run is about the symbols of its last stage; a list counts them when it has come. Where that stage has nothing to bring
 * it is about all that it was asked for, and done with them unless an earlier stage failed.
 */
async function setTotal(
  tx: Parameters<typeof lockOwnedRun>[0],
  { runId, stage }: OwnedRun & { stage: number },
  run: LoadedRun,
): Promise<void> {
  if (!(await stagePlanned(tx, runId, stage))) {
    const asked = await countAsked(tx, run)
    await tx`
      update sync_run set total = ${asked}, symbols_done = case when exists (
        select from sync_batch where run_id = ${runId} and state not in ('done', 'skipped', 'split')) then 0 else ${asked}::int end
      where id = ${runId}`
    return
  }
  await tx`
    update sync_run set total = case
      when exists (select from sync_batch where run_id = ${runId} and stage = ${stage} and instruments is null)
        then (select count(*) from instrument where kind = 'stock' and not stub)
      else (select count(distinct i) from sync_batch, unnest(instruments) i where run_id = ${runId} and stage = ${stage}) end
    where id = ${runId}`
}

/** Symbols that a run was asked for: those that it names, else the stocks that are listed on one of its days. */
async function countAsked(
  tx: Parameters<typeof lockOwnedRun>[0],
  { job, params }: LoadedRun,
): Promise<number> {
  if (scopeOf(job) === 'failures') return 0
  if (params.symbols) return params.symbols.length
  const { start_date: from = '0001-01-01', end_date: to = '9999-12-31' } = params
  const [row] = await tx<{ n: number }[]>`
    select count(*)::int as n from instrument where kind = 'stock' and not stub
      and coalesce(list_date <= ${to}, true) and coalesce(delist_date > ${from}, true)`
  return row?.n ?? 0
}

async function logPlan(tx: Parameters<typeof logRun>[0], runId: string, plan: DatasetPlan): Promise<void> {
  const { dataset, source, batches, notes, skipped } = plan
  const calls = batches.reduce((sum, batch) => sum + batch.calls, 0)
  const served = source !== null || notes.length > 0
  const lines = [
    source === null
      ? null
      : `${counted(batches.length, 'batch', 'batches')}, ${counted(calls, 'call')} planned for ${source}`,
    served ? null : 'no source that is switched on serves it',
    ...notes,
    ...skipped.map((left) => `without ${left.source}: ${left.reason}`),
  ].filter((line) => line !== null)
  await logRun(tx, { runId, level: served ? 'info' : 'warn', message: `${dataset}: ${lines.join('; ')}` })
}

/** Places of a dataset with those first that lacked the least. */
export const leastLackingFirst =
  (shortfalls: readonly Shortfall[]) =>
  (dataset: string, places: readonly SourcePlace[]): SourcePlace[] => {
    const lacked = (source: SourceName) =>
      shortfalls.find((each) => each.dataset === dataset && each.source === source)?.count ?? 0
    return places.toSorted((a, b) => lacked(a.source) - lacked(b.source))
  }
