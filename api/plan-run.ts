import type { CallLimits } from '../market/capability.ts'
import { DATASETS } from '../market/datasets.ts'
import { JOBS, type Job } from '../market/jobs.ts'
import type { RunParams } from '../market/run-params.ts'
import type { RunSettings } from '../market/run-settings.ts'
import type { SourceName } from '../market/sources.ts'
import { slotInterval } from '../db/budget.ts'
import { type DatasetPlan, type PlanContext, planDatasetsOf } from '../db/plan-datasets.ts'
import { budgetViews, deniedApis, learnedLimits } from '../db/queries/budgets.ts'
import { loadDepths } from '../db/queries/depth.ts'
import { instrumentIds, loadCalendar } from '../db/queries/planning.ts'
import { resolveParams } from '../db/scope/resolve.ts'
import { rankNow } from '../db/source-ranking.ts'
import { type ApiEstimate, estimatePlan, type PlanPart } from '../planning/estimate.ts'
import type { ApiDeps } from './deps.ts'
import { requireSources } from './runs/start.ts'

/** What a run would do and cost. */
export interface DryRun {
  stages: DatasetPlan[][]
  apis: (ApiEstimate & { source: string; callsPerMinute: number | null })[]
  calls: number
  cells: number
  minutes: number
  notes: string[]
}

/** What a plan is made from: a program without Temporal has it as well. */
export type PlanDeps = Pick<ApiDeps, 'db' | 'sources' | 'now'> & { settings: RunSettings }

/** Plans a job as a run would, and writes nothing. */
export async function planRun(deps: PlanDeps, job: Job, asked: RunParams): Promise<DryRun> {
  await requireSources(deps, job)
  const { on: sources } = await deps.sources()
  const scope = { sql: deps.db.sql, sources, settings: deps.settings, now: deps.now }
  // A sample is drawn by the id of the run: another one of the same size is shown here.
  const { params, notes } = await resolveParams(scope, job, 'plan', asked).catch((error: unknown) => {
    // A run would end with it; a dry run says it.
    if (!(error instanceof RangeError)) throw error
    return { params: asked, notes: [error.message] }
  })
  const context = await planContext(deps, job, params)
  const stages: DatasetPlan[][] = []
  for (const datasets of JOBS[job].stages) stages.push(await planDatasetsOf(context, datasets, params))
  const parts = await Promise.all(stages.map((plans) => partsOf(deps, plans)))
  const all = parts.flat()
  const planned = [...new Set(all.map((part) => part.source))]
  const estimates = planned.map((source) => ({
    source,
    ...estimatePlan(all.filter((p) => p.source === source)),
  }))
  return {
    stages,
    apis: estimates.flatMap(({ source, apis }) =>
      apis.map((api) => ({ source, ...api, callsPerMinute: paceOf(all, source, api.api) })),
    ),
    calls: estimates.reduce((sum, e) => sum + e.calls, 0),
    cells: estimates.reduce((sum, e) => sum + e.cells, 0),
    // Stages follow each other; within one the slowest interface decides.
    minutes: parts.reduce((sum, own) => sum + estimatePlan(own).minutes, 0),
    notes: [...notes, ...(await notesOf(deps, job, params, stages.flat())), ...(await usedToday(deps, all))],
  }
}

/** Sources in the order of the run that would be started now. */
async function planContext(
  deps: PlanDeps,
  job: Job,
  { preferred_sources = [] }: RunParams,
): Promise<PlanContext> {
  const { sql } = deps.db
  const { on, settings, stored } = await deps.sources()
  const entries = [...on.keys()].map((source) => ({
    source,
    priority: settings[source].priority ?? 0,
    pinned: stored[source]?.pinned ?? false,
  }))
  const ranked = (await rankNow(sql, entries, preferred_sources)).flatMap(({ source: name }) => {
    const source = on.get(name)
    return source ? [{ name, source }] : []
  })
  return {
    sql,
    sources: await Promise.all(
      ranked.map(async ({ name, source }) => ({
        name,
        capabilities: source.capabilities,
        partsOf: (dataset) => source.partsOf(dataset),
        limitsOf: (budget) => source.limitsOf(budget),
        deniedApis: await deniedApis(sql, name, source.account),
      })),
    ),
    depths: await loadDepths(sql),
    ...deps.settings,
    listsAgain: job === 'stock_list',
    now: deps.now,
  }
}

type SourcePart = PlanPart & { source: string }

async function partsOf(deps: PlanDeps, plans: readonly DatasetPlan[]): Promise<SourcePart[]> {
  const { on } = await deps.sources()
  const parts: SourcePart[] = []
  for (const { source, capability, batches, largestAnswer } of plans.flatMap((plan) => plan.parts)) {
    const known = on.get(source)
    if (!known) continue
    const { api, budget } = capability
    const limits = await presentLimits(deps, source, budget, known.limitsOf(budget))
    const interval = slotInterval(limits)
    parts.push({
      source,
      api,
      budget: `${source} ${budget}`,
      batches,
      largestAnswer,
      callsPerMinute: interval === 0 ? Infinity : 60_000 / interval,
      callsPerDay: limits.perDay,
    })
  }
  return parts
}

const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))

/** What is configured, or what the upstream has named since when that is less. */
async function presentLimits(
  deps: PlanDeps,
  source: SourceName,
  budget: string,
  limits: CallLimits,
): Promise<CallLimits> {
  const account = (await deps.sources()).on.get(source)?.account ?? ''
  const learned = await learnedLimits(deps.db.sql, { source, account, api: budget })
  const perMinute = least(limits.perMinute, learned.perMinute)
  const perHour = least(limits.perHour, learned.perHour)
  return {
    ...limits,
    // An hour's limit is the slower pace for all that does not fit into its first minutes.
    perMinute: least(perMinute, perHour === null ? null : perHour / 60),
    perHour,
    perDay: least(limits.perDay, learned.perDay),
  }
}

function paceOf(parts: readonly SourcePart[], source: string, api: string): number | null {
  const pace = Math.min(
    ...parts.filter((p) => p.source === source && p.api === api).map((p) => p.callsPerMinute),
  )
  return Number.isFinite(pace) ? pace : null
}

/** Budgets of which less is left today than the plan takes. */
async function usedToday(deps: PlanDeps, parts: readonly SourcePart[]): Promise<string[]> {
  const { on } = await deps.sources()
  const known = ({ source, account, api }: { source: string; account: string; api: string }) =>
    [...on.entries()]
      .find(([name, facts]) => name === source && facts.account === account)?.[1]
      .limitsOf(api) ?? null
  const calls = new Map<string, number>()
  for (const { budget, batches } of parts)
    calls.set(budget, (calls.get(budget) ?? 0) + batches.reduce((sum, batch) => sum + batch.calls, 0))
  return (await budgetViews(deps.db.sql, known)).flatMap(({ source, budget, day }) => {
    const planned = calls.get(`${source} ${budget}`) ?? 0
    if (day.left === null || day.limit === null || planned <= day.left) return []
    return [
      `${source} ${budget}: ${day.used} of ${day.limit} calls of today are used; what does not fit goes to another source or waits for tomorrow`,
    ]
  })
}

async function notesOf(
  deps: PlanDeps,
  job: Job,
  params: RunParams,
  plans: readonly DatasetPlan[],
): Promise<string[]> {
  const notes = plans.flatMap((plan) => {
    const nobody = plan.source === null && plan.notes.length === 0
    return [
      ...(nobody ? ['no source that is switched on serves it; switch on another one'] : []),
      ...plan.notes,
      ...plan.skipped.map(({ source, reason }) => `without ${source}: ${reason}`),
    ].map((note) => `${plan.dataset}: ${note}`)
  })
  const needsMarket = plans.some(({ dataset }) => DATASETS[dataset].cell !== 'static')
  if (needsMarket && (await loadCalendar(deps.db.sql)).length === 0) {
    notes.push(
      `the calendar and the stock list are not there yet: run stock_list first, then the plan of ${job} is exact`,
    )
  }
  const { symbols = [] } = params
  const ids = await instrumentIds(deps.db.sql, symbols)
  const unknown = symbols.filter((symbol) => !ids.has(symbol))
  if (unknown.length > 0)
    notes.push(
      `no stock list names ${unknown.slice(0, 10).join(', ')}${unknown.length > 10 ? ' …' : ''}: not planned, but a run asks for them`,
    )
  return notes
}
