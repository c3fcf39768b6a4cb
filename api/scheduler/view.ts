import { madeSchedules, runsOfStarts } from '../../db/queries/schedules.ts'
import { type Job, JOB_NAMES, JOBS } from '../../market/jobs.ts'
import type { RunState } from '../../workflows/contract/status.ts'
import type { ApiDeps } from '../deps.ts'
import type { ScheduleView } from '../schemas/schedule.ts'
import { type KnownSchedule, scheduleIdOf } from '../temporal/schedules.ts'
import { jobOf } from './key.ts'

// Enough to see the pattern.
const NEXT_SHOWN = 5

/** All schedules as they are now. The list of Temporal lags: those that were made here are asked for one by one. */
export async function viewSchedules(deps: ApiDeps): Promise<ScheduleView[]> {
  const { schedules, namespace } = deps.temporal
  const made = await madeSchedules(deps.db.sql, namespace)
  const keys = [...new Set<string>([...JOB_NAMES, ...made, ...(await schedules.list())])]
  const known = await Promise.all(
    keys.filter((key) => jobOf(key) !== null).map((key) => schedules.describe(key)),
  )
  const there = known.filter((each) => each !== null)
  return await withRuns(
    deps,
    there.sort((a, b) => (a.key < b.key ? -1 : 1)),
  )
}

/** One of them; null when there is none. */
export async function viewSchedule(deps: ApiDeps, key: string): Promise<ScheduleView | null> {
  const known = await deps.temporal.schedules.describe(key)
  const [view] = known === null ? [] : await withRuns(deps, [known])
  return view ?? null
}

async function withRuns({ db }: ApiDeps, schedules: readonly KnownSchedule[]): Promise<ScheduleView[]> {
  const starts = schedules.flatMap(({ last }) => last?.workflowId ?? [])
  const runs = new Map((await runsOfStarts(db.sql, starts)).map((run) => [run.request_id, run]))
  return schedules.map((known) => {
    const run = known.last && runs.get(known.last.workflowId)
    const job: Job = known.input.job
    const next = known.next.slice(0, NEXT_SHOWN).map((at) => at.toISOString())
    return {
      id: known.key,
      name: JOBS[job].title,
      job,
      trigger: known.trigger,
      times: known.times,
      timezone: known.timezone,
      next_run_time: known.paused ? null : (next[0] ?? null),
      next_run_times: known.paused ? [] : next,
      parameters: { ...known.input.params },
      paused: known.paused,
      last_run: known.last && {
        scheduled_at: known.last.scheduledAt.toISOString(),
        started_at: known.last.takenAt.toISOString(),
        workflow_id: known.last.workflowId,
        run_id: run?.id ?? null,
        status: (run?.status as RunState | undefined) ?? null,
      },
      schedule_id: scheduleIdOf(known.key),
    }
  })
}
