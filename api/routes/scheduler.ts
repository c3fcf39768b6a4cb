import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { JOB_NAMES } from '../../market/jobs.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { invalidRequest } from '../middleware/errors.ts'
import { Problem, type ProblemCode } from '../problems.ts'
import { startRun } from '../runs/start.ts'
import { pauseSchedule, paramsFor, putSchedule, removeSchedule } from '../scheduler/change.ts'
import { requireJob } from '../scheduler/key.ts'
import { calendarTiming, minutesTiming } from '../scheduler/timing.ts'
import { viewSchedules } from '../scheduler/view.ts'
import { instant } from '../schemas/common.ts'
import { body, flatEnvelope, json, seedErrors } from '../schemas/responses.ts'
import {
  calendarBody,
  calendarQuery,
  intervalBody,
  intervalQuery,
  jobIdParam,
  schedule,
  triggerJobBody,
} from '../schemas/schedule.ts'

/* The second seed document's scheduler: its paths and fields. Fields stand at the top as there, and in `data`. */

const TAG = { tags: ['Scheduler (seed)'] }

const status = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/scheduler/status',
  operationId: 'getSchedulerStatus',
  summary: 'The schedules with their next and last runs',
  responses: {
    200: json(
      'The schedules',
      flatEnvelope('SchedulerStatusAnswer', {
        running: z.boolean().openapi({ description: 'Always true: without Temporal the answer is 503' }),
        jobs: z.array(schedule),
        available_jobs: z.array(z.string()).openapi({ example: [...JOB_NAMES] }),
      }),
    ),
    ...seedErrors('temporal_unavailable'),
  },
})

const scheduleAnswer = flatEnvelope('ScheduleAnswer', schedule.shape)
const CHANGES = [
  'invalid_schedule',
  'malformed_json',
  'foreign_origin',
  'body_too_large',
  'unsupported_media_type',
  'job_not_found',
  'temporal_unavailable',
] as const satisfies ProblemCode[]

const start = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/scheduler/jobs/{job_id}/start',
  operationId: 'startSchedule',
  summary: 'Run a job every so many minutes',
  description:
    'Makes the schedule or takes the place of the one that is there. `interval_minutes` may stand in the query as well. Parameters that are left out stay as they were.',
  request: {
    params: jobIdParam,
    query: intervalQuery,
    body: body(intervalBody, false, { interval_minutes: 30 }),
  },
  responses: { 200: json('The schedule', scheduleAnswer), ...seedErrors(...CHANGES) },
})

const scheduleJob = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/scheduler/jobs/{job_id}/schedule',
  operationId: 'scheduleJob',
  summary: 'Run a job at a time of the day',
  description:
    'Every day, or on days of the week or of the month; or by a cron expression. Makes the schedule or takes the place of the one that is there. Parameters that are left out stay as they were.',
  request: {
    params: jobIdParam,
    query: calendarQuery,
    body: body(calendarBody, false, { hour: 20, minute: 30, day_of_week: 'mon-fri' }),
  },
  responses: { 200: json('The schedule', scheduleAnswer), ...seedErrors(...CHANGES) },
})

const trigger = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/scheduler/jobs/{job_id}/trigger',
  operationId: 'triggerJob',
  summary: 'Run a job now',
  description: 'Without `params`: with those of its schedule, where it has one.',
  request: {
    params: jobIdParam,
    body: body(triggerJobBody, false, { params: { recheck: 5 } }),
  },
  responses: {
    200: json(
      'The run',
      flatEnvelope('TriggerJobAnswer', {
        job_id: z.string().openapi({ example: 'daily_incremental' }),
        run_id: z.string().openapi({ format: 'uuid' }),
        status: z.enum(['running', 'pending']).openapi({ description: '`pending` until Temporal answers' }),
        started_at: instant,
        parameters: z.record(z.string(), z.unknown()),
      }),
    ),
    ...seedErrors(...CHANGES, 'invalid_request', 'run_active'),
  },
})

const steering = <const A extends string>(action: A, summary: string) =>
  createRoute({
    ...TAG,
    ...leastRole('operator'),
    method: 'post',
    path: `/scheduler/jobs/{job_id}/${action}`,
    operationId: `${action}Schedule`,
    summary,
    request: { params: jobIdParam },
    responses: {
      200: json('The schedule', scheduleAnswer),
      ...seedErrors('foreign_origin', 'job_not_found', 'schedule_not_found', 'temporal_unavailable'),
    },
  })
const stop = steering('stop', 'Remove a schedule; a run that is under way goes on')
const pause = steering('pause', 'Pause a schedule: it starts nothing until it is resumed')
const resume = steering('resume', 'Resume a schedule that was paused')

/** What the seed's service answers to a field that is wrong. */
const refuse = (result: { success: true } | { success: false; error: z.ZodError }): undefined => {
  if (result.success) return undefined
  const { message, extra } = invalidRequest(result.error)
  throw new Problem('invalid_schedule', message, extra)
}

const missing = (what: string): Problem => new Problem('invalid_schedule', what)

/** Fields at the top and in `data`: clients of the seed read the one, ours the other. */
const answer = <T extends object>(message: string, data: T) => ({
  ...data,
  success: true as const,
  message,
  data,
})

export type SchedulerRoutes =
  | typeof status
  | typeof start
  | typeof scheduleJob
  | typeof trigger
  | typeof stop
  | typeof pause
  | typeof resume

/** `/scheduler/status` and `/scheduler/jobs/{job_id}/…`. */
export function schedulerRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(status, async (c) => {
    const jobs = await viewSchedules(deps)
    const data = { running: true, jobs, available_jobs: [...JOB_NAMES] }
    return c.json(answer(`${jobs.length} schedules`, data), 200)
  })
  app.openapi(
    start,
    async (c) => {
      const { job_id: key } = c.req.valid('param')
      requireJob(key)
      const { params, interval_minutes: given } = c.req.valid('json')
      const minutes = given ?? c.req.valid('query').interval_minutes
      if (minutes === undefined) throw missing('interval_minutes: is missing; give minutes, like 30')
      const view = await putSchedule(deps, key, minutesTiming(minutes), params)
      return c.json(answer(`${key} starts ${view.trigger}`, view), 200)
    },
    refuse,
  )
  app.openapi(
    scheduleJob,
    async (c) => {
      const { job_id: key } = c.req.valid('param')
      requireJob(key)
      const { params, ...given } = { ...c.req.valid('query'), ...c.req.valid('json') }
      const { cron, hour, minute, day_of_week, day_of_month } = given
      const isTimed = [hour, minute, day_of_week, day_of_month].some((each) => each !== undefined)
      if (cron === undefined && hour === undefined)
        throw missing('hour: is missing; give hour and minute, like 20 and 30, or cron')
      if (cron !== undefined && isTimed)
        throw missing('cron: says it all; leave out hour, minute, day_of_week and day_of_month')
      const view = await putSchedule(deps, key, calendarTiming(given), params)
      return c.json(answer(`${key} starts ${view.trigger}, ${view.timezone}`, view), 200)
    },
    refuse,
  )
  app.openapi(
    trigger,
    async (c) => {
      const { job_id: key } = c.req.valid('param')
      const job = requireJob(key)
      const params = await paramsFor(deps, key, c.req.valid('json').params)
      const request = { job, params, force: false, requestId: c.get('requestId') }
      const { row, started } = await startRun(deps, request)
      const parameters: Record<string, unknown> = { ...params }
      const data = {
        job_id: key,
        run_id: row.id,
        status: started ? ('running' as const) : ('pending' as const),
        started_at: toIso(row.createdAt) ?? row.createdAt,
        parameters,
      }
      return c.json(answer(`run ${row.id} of ${job} has begun`, data), 200)
    },
    refuse,
  )
  for (const [route, act, done] of [
    [stop, removeSchedule, 'is removed'],
    [pause, (d: ApiDeps, key: string) => pauseSchedule(d, key, true), 'is paused'],
    [resume, (d: ApiDeps, key: string) => pauseSchedule(d, key, false), 'goes on'],
  ] as const)
    app.openapi(route, async (c) => {
      const { job_id: key } = c.req.valid('param')
      return c.json(answer(`the schedule of ${key} ${done}`, await act(deps, key)), 200)
    })
  return app
}
