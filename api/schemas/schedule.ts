import { z } from '@hono/zod-openapi'
import { JOB_NAMES } from '../../market/jobs.ts'
import { instant, runState } from './common.ts'
import { runParams } from './run.ts'

/* When jobs start by themselves. */

// A month; who wants less often gives a day of the month.
const MAX_MINUTES = 44_640
const minutesMessage = `must be a whole number of minutes from 1 to ${MAX_MINUTES}`

const minutes = (schema: z.ZodNumber) =>
  schema
    .int(minutesMessage)
    .min(1, minutesMessage)
    .max(MAX_MINUTES, minutesMessage)
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_MINUTES, example: 30 })
export const intervalMinutes = minutes(z.number(minutesMessage))

const hour = (schema: z.ZodNumber) =>
  schema
    .int('must be an hour from 0 to 23')
    .min(0, 'must be an hour from 0 to 23')
    .max(23, 'must be an hour from 0 to 23')
    .openapi({ type: 'integer', minimum: 0, maximum: 23, example: 20 })
const minute = (schema: z.ZodNumber) =>
  schema
    .int('must be a minute from 0 to 59')
    .min(0, 'must be a minute from 0 to 59')
    .max(59, 'must be a minute from 0 to 59')
    .openapi({ type: 'integer', minimum: 0, maximum: 59, example: 30 })

const DAY = '(sun|mon|tue|wed|thu|fri|sat)'
const DAYS = new RegExp(`^${DAY}(-${DAY})?(,${DAY}(-${DAY})?){0,6}$`)
const daysOfWeek = z
  .string('must be days like mon-fri')
  .max(60, 'must be days like mon-fri or tue,thu')
  .transform((text) => text.toLowerCase().replaceAll(' ', ''))
  .refine((text) => DAYS.test(text), 'must be days like mon, mon-fri or tue,thu')
  .openapi({ type: 'string', example: 'mon-fri' })

const dayMessage = 'must be a day from 1 to 31'
const dayOfMonth = z
  .number(dayMessage)
  .int(dayMessage)
  .min(1, dayMessage)
  .max(31, dayMessage)
  .openapi({ description: 'Months that are shorter are left out', example: 1 })

// Names and steps of cron; what Temporal knows besides (seconds, years, a zone in front) has fields of its own or no use here.
const CRON = /^([\d*/,A-Za-z-]+ +){4}[\d*/,A-Za-z-]+$/
const cron = z
  .string('must be five fields like 30 20 * * mon-fri')
  .max(100, 'is longer than a cron expression can be')
  .transform((text) => text.trim())
  .refine(
    (text) => CRON.test(text),
    'must be five fields (minute, hour, day, month, day of week) like 30 20 * * mon-fri',
  )
  .openapi({ type: 'string', example: '30 20 * * mon-fri' })

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z_]+(\/[A-Za-z_+-]+\d*)*$/.test(name)
  } catch {
    return false
  }
}
const timezone = z
  .string('must be a time zone like Asia/Shanghai')
  .max(64, 'must be a time zone like Asia/Shanghai')
  .refine(isZone, 'is no time zone that is known here; write one like Asia/Shanghai')
  .openapi({ type: 'string', example: 'Asia/Shanghai' })

const calendarFields = {
  hour: hour(z.number('must be an hour from 0 to 23')).optional(),
  minute: minute(z.number('must be a minute from 0 to 59')).optional(),
  day_of_week: daysOfWeek.optional(),
  day_of_month: dayOfMonth.optional(),
  cron: cron.optional(),
  timezone: timezone.optional(),
}

export const intervalBody = z
  .strictObject({ interval_minutes: intervalMinutes.optional(), params: runParams.optional() })
  .openapi('IntervalRequest')
export const intervalQuery = z.strictObject({
  interval_minutes: minutes(z.coerce.number(minutesMessage)).optional(),
})

export const calendarBody = z
  .strictObject({ ...calendarFields, params: runParams.optional() })
  .openapi('CalendarRequest')
export const calendarQuery = z.strictObject({
  hour: hour(z.coerce.number('must be an hour from 0 to 23')).optional(),
  minute: minute(z.coerce.number('must be a minute from 0 to 59')).optional(),
})

export const triggerJobBody = z.strictObject({ params: runParams.optional() }).openapi('TriggerJobRequest')

/** One entry of SCHEDULES_FILE. */
export const fileEntry = z.strictObject({
  job: z.string('must be the name of a job'),
  params: runParams.optional(),
  interval_minutes: intervalMinutes.optional(),
  ...calendarFields,
  paused: z.boolean('must be true or false').optional(),
})

export const jobIdParam = z.object({
  job_id: z.string().openapi({
    description: 'A job, or a job and a name of your own behind a dot, for a second schedule of it',
    example: 'daily_incremental',
  }),
})

export const schedule = z
  .object({
    id: z.string().openapi({ example: 'daily_incremental.evening' }),
    name: z.string().openapi({ example: 'The sessions since the last one' }),
    job: z.enum(JOB_NAMES).openapi({ example: 'daily_incremental' }),
    trigger: z.string().openapi({ example: 'at 20:30 on mon-fri' }),
    times: z
      .union([
        z.strictObject({ interval_minutes: minutes(z.number()) }),
        z.strictObject({
          hour: hour(z.number()).optional(),
          minute: minute(z.number()).optional(),
          day_of_week: z.string().optional().openapi({ example: 'mon-fri' }),
          day_of_month: z.number().int().optional().openapi({ example: 1 }),
          cron: z.string().optional().openapi({ example: '30 20 * * mon-fri' }),
        }),
      ])
      .nullable()
      .openapi({
        description:
          'The same as `/start` or `/schedule` takes it, with `timezone`; null for times that were set in Temporal itself',
        example: { hour: 20, minute: 30, day_of_week: 'mon-fri' },
      }),
    timezone: z.string().openapi({ example: 'Asia/Shanghai' }),
    next_run_time: instant.nullable().openapi({ description: 'null while it is paused' }),
    next_run_times: z.array(instant),
    parameters: z.record(z.string(), z.unknown()).openapi({ example: { recheck: 5 } }),
    paused: z.boolean(),
    last_run: z
      .object({
        scheduled_at: instant,
        started_at: instant,
        workflow_id: z.string(),
        run_id: z.string().nullable().openapi({ description: 'null: it waits, or was superseded' }),
        status: runState.nullable(),
      })
      .nullable(),
    schedule_id: z.string().openapi({
      description: 'In Temporal',
      example: 'schedule/daily_incremental/evening',
    }),
  })
  .openapi('Schedule', {
    example: {
      id: 'daily_incremental.evening',
      name: 'The sessions since the last one',
      job: 'daily_incremental',
      trigger: 'at 20:30 on mon-fri',
      times: { hour: 20, minute: 30, day_of_week: 'mon-fri' },
      timezone: 'Asia/Shanghai',
      next_run_time: '2026-11-23T12:30:00.000Z',
      next_run_times: ['2026-11-23T12:30:00.000Z'],
      parameters: {},
      paused: false,
      last_run: null,
      schedule_id: 'schedule/daily_incremental/evening',
    },
  })

export type ScheduleView = z.output<typeof schedule>
