import type { CallLimits } from '../market/capability.ts'
import { DATASETS } from '../market/datasets.ts'
import { JOBS, type Job } from '../market/jobs.ts'
import type { RunParams } from '../market/run-params.ts'
import type { SourceName } from '../market/sources.ts'
import { slotInterval } from '../db/budget.ts'
import { type DatasetPlan, planDatasetsOf } from '../db/plan-datasets.ts'
import { learnedLimits } from '../db/queries/budgets.ts'
import { instrumentIds, loadCalendar } from '../db/queries/planning.ts'
import { type ApiEstimate, estimatePlan, type PlanPart } from '../planning/estimate.ts'
import type { ApiDeps } from './deps.ts'

/** What a run would do and cost. */
export interface DryRun {
  stages: DatasetPlan[][]
  apis: (ApiEstimate & { source: string; callsPerMinute: number | null })[]
  calls: number
  cells: number
  minutes: number
  notes: string[]
}

/** Plans a job as a run would, and writes nothing. */
export async function planRun(deps: ApiDeps, job: Job, params: RunParams): Promise<DryRun> {
  const context = { sql: deps.db.sql, sources: deps.sources, now: deps.now, ...deps.settings }
  const stages: DatasetPlan[][] = []
  for (const datasets of JOBS[job].stages) stages.push(await planDatasetsOf(context, datasets, params))
  const parts = await Promise.all(stages.map((plans) => partsOf(deps, plans)))
  const all = parts.flat()
  const sources = [...new Set(all.map((part) => part.source))]
  const estimates = sources.map((source) => ({
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
    notes: await notesOf(deps, job, params, stages.flat()),
  }
}

type SourcePart = PlanPart & { source: string }

async function partsOf(deps: ApiDeps, plans: readonly DatasetPlan[]): Promise<SourcePart[]> {
  const parts: SourcePart[] = []
  for (const { dataset, source, capability, batches } of plans) {
    const known = source === null ? undefined : deps.sources.get(source)
    if (source === null || !capability || !known) continue
    const limits = await presentLimits(deps, source, capability.api, known.limitsOf(capability.api))
    const interval = slotInterval(limits)
    parts.push({
      source,
      api: capability.api,
      batches,
      // Lists and events: how many rows come is not known beforehand.
      rowCap: DATASETS[dataset].cell === 'session' ? rowCapOf(capability) : null,
      callsPerMinute: interval === 0 ? Infinity : 60_000 / interval,
      callsPerDay: limits.perDay,
    })
  }
  return parts
}

const rowCapOf = ({ bySymbols, byDate }: NonNullable<DatasetPlan['capability']>): number | null =>
  Math.max(bySymbols?.rowCap ?? 0, byDate?.rowCap ?? 0) || null

const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))

/** What is configured, or what the upstream has named since when that is less. */
async function presentLimits(
  deps: ApiDeps,
  source: SourceName,
  api: string,
  limits: CallLimits,
): Promise<CallLimits> {
  const account = deps.sources.get(source)?.account ?? ''
  const learned = await learnedLimits(deps.db.sql, { source, account, api })
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

async function notesOf(
  deps: ApiDeps,
  job: Job,
  params: RunParams,
  plans: readonly DatasetPlan[],
): Promise<string[]> {
  const unserved = plans.filter((plan) => plan.source === null).map((plan) => plan.dataset)
  const notes = unserved.map(
    (dataset) => `${dataset}: no source that is switched on serves it; set TUSHARE_TOKEN`,
  )
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
