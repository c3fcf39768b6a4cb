import type { SessionCalendar } from '../market/calendar.ts'
import type { Capability } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import { isJob, JOBS, type Job } from '../market/jobs.ts'
import type { RunParams } from '../market/run-params.ts'
import { loadMarketFacts } from '../db/plan-datasets.ts'
import { getRun, type RunRow } from '../db/queries/runs.ts'
import { dueDates, type MarketFacts } from '../planning/market-facts.ts'
import type { DateRange } from '../planning/types.ts'
import type { ActivityDeps } from './deps.ts'

export interface LoadedRun {
  row: RunRow
  job: Job
  params: RunParams
  stages: readonly (readonly Dataset[])[]
}

/** The run with its parameters; throws when it is gone or of a job that this version does not know. */
export async function loadRun(deps: ActivityDeps, runId: string): Promise<LoadedRun> {
  const row = await getRun(deps.db, runId)
  if (!row) throw new RangeError(`run ${runId} is gone`)
  if (!isJob(row.job)) throw new RangeError(`run ${runId} is of the unknown job ${row.job}`)
  return {
    row,
    job: row.job,
    params: (row.resolvedParams ?? row.params) as RunParams,
    stages: JOBS[row.job].stages,
  }
}

export type { MarketFacts } from '../planning/market-facts.ts'

/** Reads calendar and instruments of a dataset, of every exchange. */
export async function loadMarket(deps: ActivityDeps, dataset: Dataset = 'bars'): Promise<MarketFacts> {
  return await loadMarketFacts(deps.db.sql, dataset, deps.now())
}

/** The dates that a run is about; null when nothing is due. */
export function dueRange(
  deps: ActivityDeps,
  params: RunParams,
  capability: Capability,
  calendar: SessionCalendar,
): DateRange | null {
  return dueDates(deps.now(), deps.settings.historyStart, params, capability, calendar)
}
