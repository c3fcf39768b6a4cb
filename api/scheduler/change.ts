import type { z } from '@hono/zod-openapi'
import { forgetMade, markMade } from '../../db/queries/schedules.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { ApiDeps } from '../deps.ts'
import { Problem } from '../problems.ts'
import type { runParams } from '../schemas/run.ts'
import type { ScheduleView } from '../schemas/schedule.ts'
import { TemporalRefused } from '../temporal/errors.ts'
import { requireJob } from './key.ts'
import { scheduledParams } from './params.ts'
import type { Timing } from './timing.ts'
import { viewSchedule } from './view.ts'

type GivenParams = z.output<typeof runParams> | undefined

/** Makes the schedule or changes its times. Parameters that are not given stay as they were, and so does a pause. */
export async function putSchedule(
  deps: ApiDeps,
  key: string,
  timing: Timing,
  given: GivenParams,
): Promise<ScheduleView> {
  const job = requireJob(key)
  const params = await paramsFor(deps, key, given)
  await markMade(deps.db.sql, deps.temporal.namespace, key)
  try {
    const paused = (await deps.temporal.schedules.describe(key))?.paused ?? false
    await deps.temporal.schedules.put({ key, job, params, timing, paused }, deps.settings.catchupHours)
  } catch (error) {
    if (!(error instanceof TemporalRefused)) throw error
    throw new Problem('invalid_schedule', `Temporal refused it: ${deps.redact(error.message)}`)
  }
  return await existing(deps, key)
}

/** What a run of the schedule is to be asked for: what was given, else what it has been asked for so far. */
export async function paramsFor(deps: ApiDeps, key: string, given: GivenParams): Promise<RunParams> {
  const job = requireJob(key)
  if (given === undefined) return (await deps.temporal.schedules.describe(key))?.input.params ?? {}
  const { params, problems } = scheduledParams(job, given)
  if (params === null) throw new Problem('invalid_schedule', problems.join('; '))
  return params
}

/** The schedule goes; a run of it that is under way goes on. */
export async function removeSchedule(deps: ApiDeps, key: string): Promise<ScheduleView> {
  requireJob(key)
  const view = await existing(deps, key)
  if (!(await deps.temporal.schedules.remove(key))) throw noSchedule(key)
  await forgetMade(deps.db.sql, deps.temporal.namespace, key)
  return { ...view, next_run_time: null, next_run_times: [] }
}

/** A paused schedule starts nothing until it is resumed; what it missed meanwhile is not made up for. */
export async function pauseSchedule(deps: ApiDeps, key: string, paused: boolean): Promise<ScheduleView> {
  requireJob(key)
  if (!(await deps.temporal.schedules.setPaused(key, paused))) throw noSchedule(key)
  return await existing(deps, key)
}

async function existing(deps: ApiDeps, key: string): Promise<ScheduleView> {
  const view = await viewSchedule(deps, key)
  if (view === null) throw noSchedule(key)
  return view
}

const noSchedule = (key: string): Problem =>
  new Problem(
    'schedule_not_found',
    `${key} has no schedule: POST /scheduler/jobs/${key}/schedule or /start makes one`,
  )
