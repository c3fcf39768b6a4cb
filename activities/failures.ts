import { abandonBatch, getBatch, insertBatches, type NewBatch, stagePlanned } from '../db/queries/batches.ts'
import { openFailuresOf, recordFailures, type FailureRow } from '../db/queries/failures.ts'
import { dropExplained, openRegions } from '../db/queries/lacking.ts'
import { logRun } from '../db/queries/logs.ts'
import { loadDatasetPlans } from '../db/queries/run-plan.ts'
import { lockOwnedRun, runTotals } from '../db/queries/runs.ts'
import { shortfallsOf } from '../db/queries/shortfalls.ts'
import { counted } from '../market/counted.ts'
import { DATASETS, isDataset } from '../market/datasets.ts'
import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import type { Region, RegionItem } from '../planning/types.ts'
import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { PlannedStage, RunTotals } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'
import { EXPLAINED_BY_SUSPENSION } from './commit-call.ts'
import { Lacking } from './lacking.ts'
import { leastLackingFirst, planDatasets, plannedStage } from './plan-stage.ts'
import { loadRun } from './run-context.ts'

// Retry batches stand behind all stages; the epoch tells those of one execution from those of the next.
const RETRY_STAGE = 100

// What an optional dataset is left out for: there is nobody to ask. Anything else is a failure to look at.
const SKIPPING: ReadonlySet<SourceErrorClass> = new Set([
  'AuthFailed',
  'PermissionDenied',
  'NotServed',
  'SourceDown',
])

/** Gives up what is left of a batch. An optional dataset is skipped, anything else leaves one failure for its region. */
export async function giveUpBatch(
  deps: ActivityDeps,
  input: OwnedRun & { seq: number; source: SourceName; errorClass: SourceErrorClass; message: string },
): Promise<RunTotals> {
  const { sql } = deps.db
  const batch = await getBatch(sql, input)
  if (!batch) throw new RangeError(`batch ${input.seq} of run ${input.runId} is gone`)
  const run = await loadRun(deps, input.runId)
  // What a retry does not bring is known already: a failure that stays open, or a hole.
  const skipped =
    batch.stage >= RETRY_STAGE || ('optional' in DATASETS[batch.dataset] && SKIPPING.has(input.errorClass))
  const dates = datesOf(batch.region)
  await sql.begin(async (tx) => {
    const state = skipped ? 'skipped' : 'failed'
    const countsSymbols = batch.stage === run.stages.length - 1
    if (
      !(await abandonBatch(
        tx,
        { ...input },
        { state, errorClass: input.errorClass, message: input.message, countsSymbols },
      ))
    )
      return
    const level = skipped ? 'warn' : 'error'
    await logRun(tx, {
      runId: input.runId,
      level,
      message: `${batch.dataset} batch ${input.seq} ${state}: ${input.message}`,
    })
    if (skipped) return
    await recordFailures(tx, {
      job: run.job,
      dataset: batch.dataset,
      source: input.source,
      symbols: [{ id: null, symbol: null }],
      ...dates,
      errorClass: input.errorClass,
      message: input.message,
      runId: input.runId,
      maxRetries: deps.settings.maxFailureRetries,
      region: batch.region,
    })
  })
  return await runTotals(sql, input.runId)
}

function datesOf(region: Region): { from: string | null; to: string | null } {
  if (region.kind === 'list') return { from: null, to: null }
  if (region.kind === 'market') return { from: region.dates.at(-1) ?? null, to: region.dates[0] ?? null }
  return { from: region.from, to: region.to }
}

/**
 * What the run could not bring, as new batches, once per execution: its open failures of single symbols, and cells that
 * came from nobody. The latter are worth asking for when there is another source to ask, or in a retry of the run.
 */
export async function planRetries(
  deps: ActivityDeps,
  owner: OwnedRun,
  signal: AbortSignal,
): Promise<PlannedStage> {
  const { sql } = deps.db
  const stage = RETRY_STAGE + owner.epoch
  await dropExplained(sql, owner.runId, EXPLAINED_BY_SUSPENSION)
  const failures = (await openFailuresOf(sql, owner.runId)).filter((f) => f.instrument_id !== null)
  const lacking = new Lacking(deps, owner)
  const batches = await worthAsking(deps, owner.runId, lacking, [
    ...retryBatches(failures),
    ...(owner.epoch > 1 || (await hasOthers(deps, owner)) ? await missingBatches(deps, owner, signal) : []),
  ])
  if (batches.length > 0 && !(await stagePlanned(sql, owner.runId, stage))) {
    await sql.begin(async (tx) => {
      if (!(await lockOwnedRun(tx, owner)) || (await stagePlanned(tx, owner.runId, stage))) return
      await insertBatches(tx, { ...owner, stage }, batches)
      const message = `tried once more: ${counted(failures.length, 'failure')} and ${counted(batches.length, 'region')}`
      await logRun(tx, { runId: owner.runId, level: 'info', message })
    })
  }
  const order = leastLackingFirst(await shortfallsOf(sql, owner.runId))
  const without = new Map<number, SourceName[]>()
  for (const { seq, ...asked } of await openRegions(sql, owner.runId, stage))
    without.set(seq, await lacking.of(asked))
  return await plannedStage(deps, owner.runId, stage, { order, dispensable: true, without })
}

/**
 * Without what several sources, all that may bring it, have lacked already. What only some of them lacked is for the
 * others, and the only one is asked once more: its answer may have come in part.
 */
async function worthAsking(
  deps: ActivityDeps,
  runId: string,
  lacking: Lacking,
  batches: readonly NewBatch[],
): Promise<NewBatch[]> {
  const plans = await loadDatasetPlans(deps.db.sql, runId)
  const parts = (await Promise.all(batches.map((batch) => lacking.divide(batch)))).flat()
  const worth: NewBatch[] = []
  for (const batch of parts) {
    const lacked = await lacking.of(batch)
    const all = plans[batch.dataset]?.sources ?? []
    const own = all.filter((place) =>
      batch.source === undefined ? !place.boundOnly : place.source === batch.source,
    )
    if (own.length < 2 || own.some(({ source }) => !lacked.includes(source))) worth.push(batch)
  }
  return worth
}

/** With `all` each source stands for itself. */
async function hasOthers(deps: ActivityDeps, { runId }: OwnedRun): Promise<boolean> {
  const { params } = await loadRun(deps, runId)
  return params.source_mode !== 'all' && (await deps.sources.current()).sources.size > 1
}

/** Wanted − covered, asked again: that is what was missing. Cells that failed by name are among them. */
async function missingBatches(deps: ActivityDeps, owner: OwnedRun, signal: AbortSignal): Promise<NewBatch[]> {
  const run = await loadRun(deps, owner.runId)
  const plans = await planDatasets(
    deps,
    { ...run, params: { ...run.params, refresh: false, recheck: 0, recheck_share: false } },
    run.stages.length - 1,
    signal,
  )
  const bound = run.params.source_mode === 'all'
  return plans
    .flatMap(({ source, batches }) =>
      batches.map((batch) => (bound && source !== null ? { ...batch, source } : batch)),
    )
    .filter((batch) => DATASETS[batch.dataset].cell === 'session')
}

/** One batch for each dataset and span of dates. Its cells are counted already in the batch that failed. */
function retryBatches(failures: readonly FailureRow[]): NewBatch[] {
  const groups = new Map<string, FailureRow[]>()
  for (const failure of failures) {
    const key = `${failure.dataset} ${failure.from_date ?? ''} ${failure.to_date ?? ''}`
    groups.set(key, [...(groups.get(key) ?? []), failure])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first || !isDataset(first.dataset) || first.from_date === null || first.to_date === null) return []
    const span = { from: first.from_date, to: first.to_date }
    const items: RegionItem[] = group.flatMap((f) =>
      f.instrument_id === null ? [] : [{ id: f.instrument_id, ...span }],
    )
    return [
      { dataset: first.dataset, region: { kind: 'symbols' as const, ...span, items }, calls: 1, cells: 0 },
    ]
  })
}
