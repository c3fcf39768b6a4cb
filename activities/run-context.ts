import type { SessionCalendar } from '../market/calendar.ts'
import type { Capability } from '../market/capability.ts'
import { addDays, shanghaiClock } from '../market/date.ts'
import { isJob, JOBS, type Job } from '../market/jobs.ts'
import type { Dataset } from '../market/datasets.ts'
import type { RunParams } from '../market/run-params.ts'
import { loadCalendar, loadInstruments } from '../db/queries/planning.ts'
import { getRun, type RunRow } from '../db/queries/runs.ts'
import type { DateRange, PlanInstrument } from '../planning/types.ts'
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
  return { row, job: row.job, params: row.params as RunParams, stages: JOBS[row.job].stages }
}

/** Market facts that planning and every batch need. */
export interface MarketFacts {
  calendar: SessionCalendar
  instruments: PlanInstrument[]
  byId: ReadonlyMap<number, PlanInstrument>
  /** Instruments listed on the session at a position. */
  marketRows: (position: number) => number
}

/** Reads calendar and instruments; a capability leaves out the exchanges that its source does not serve. */
export async function loadMarket(deps: ActivityDeps, capability: Capability): Promise<MarketFacts> {
  const calendar = await loadCalendar(deps.db.sql)
  const instruments = await loadInstruments(deps.db.sql)
  const served = instruments.filter((i) => capability.exchanges.some((e) => i.symbol.endsWith(SUFFIX[e])))
  return {
    calendar,
    instruments: served,
    byId: new Map(served.map((i) => [i.id, i])),
    marketRows: listedCounts(served, calendar),
  }
}

const SUFFIX = { SSE: '.SH', SZSE: '.SZ', BSE: '.BJ' } as const

function listedCounts(
  instruments: readonly PlanInstrument[],
  calendar: SessionCalendar,
): (position: number) => number {
  const steps = new Int32Array(calendar.length + 1)
  for (const { listDate, delistDate } of instruments) {
    const first = listDate === null ? 0 : calendar.firstAtOrAfter(listDate)
    const end = delistDate === null ? calendar.length : calendar.firstAtOrAfter(delistDate)
    if (first >= end) continue
    steps[first] = (steps[first] ?? 0) + 1
    steps[end] = (steps[end] ?? 0) - 1
  }
  for (let i = 1; i <= calendar.length; i++) steps[i] = (steps[i] ?? 0) + (steps[i - 1] ?? 0)
  return (position) => steps[position] ?? 0
}

/**
 * The dates that a run is about: from its start (or the history's) to its end, but never past the newest session whose
 * data is ready. Null when nothing is due.
 */
export function dueRange(
  deps: ActivityDeps,
  params: RunParams,
  capability: Capability,
  calendar: SessionCalendar,
): DateRange | null {
  const clock = shanghaiClock(deps.now())
  const ready = clock.time >= capability.readyTime ? clock.date : addDays(clock.date, -1)
  const last = calendar.lastAtOrBefore(params.end_date && params.end_date < ready ? params.end_date : ready)
  const wantedFrom = params.start_date ?? deps.settings.historyStart
  const from = wantedFrom > capability.historyStart ? wantedFrom : capability.historyStart
  if (last < 0 || calendar.at(last) < from) return null
  return { from, to: calendar.at(last) }
}
