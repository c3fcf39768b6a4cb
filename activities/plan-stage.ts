import { resolveInstruments } from '../db/instruments.ts'
import { type DatasetPlan, planDatasetsOf } from '../db/plan-datasets.ts'
import { insertBatches, openBatches, stagePlanned } from '../db/queries/batches.ts'
import { logRun } from '../db/queries/logs.ts'
import { lockOwnedRun, runTotals } from '../db/queries/runs.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { PlannedStage, SeqRanges } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { type LoadedRun, loadRun } from './run-context.ts'

export type { DatasetPlan } from '../db/plan-datasets.ts'

/** Wanted − covered → batches of one stage, in one transaction. Planned already: what is still open. */
export async function planStage(
  deps: ActivityDeps,
  input: OwnedRun & { stage: number },
): Promise<PlannedStage> {
  const { sql } = deps.db
  if (!(await stagePlanned(sql, input.runId, input.stage))) {
    const run = await loadRun(deps, input.runId)
    if (input.stage > 0) await openAskedSymbols(deps, run)
    const plans = await planDatasets(deps, run, input.stage)
    await storePlan(deps, run, input, plans)
  }
  return await plannedStage(deps, input.runId, input.stage)
}

/** A symbol that no list names is asked for all the same: the list may be older than the listing. */
async function openAskedSymbols(deps: ActivityDeps, run: LoadedRun): Promise<void> {
  const { symbols = [] } = run.params
  if (symbols.length > 0) await deps.db.sql.begin((tx) => resolveInstruments(tx, symbols, 'request'))
}

/** What the database has open of a stage. */
export async function plannedStage(deps: ActivityDeps, runId: string, stage: number): Promise<PlannedStage> {
  const open = await openBatches(deps.db.sql, runId, stage)
  return {
    datasets: open.map(({ dataset, seqs, calls }) => ({ dataset, open: toRanges(seqs), calls, sources: [] })),
    totals: await runTotals(deps.db.sql, runId),
  }
}

/** The plan of a stage; reads only, so that a dry run shows what a run would do. */
export async function planDatasets(
  deps: ActivityDeps,
  run: LoadedRun,
  stage: number,
): Promise<DatasetPlan[]> {
  const { historyStart, batchSize } = deps.settings
  const context = { sql: deps.db.sql, sources: deps.sources, historyStart, batchSize, now: deps.now }
  return await planDatasetsOf(context, run.stages[stage] ?? [], run.params)
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
