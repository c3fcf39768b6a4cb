import type { ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client'

/** When a schedule starts its job; `text` says it in words. */
export type Timing =
  { kind: 'interval'; everyMs: number } | { kind: 'calendar'; cron: string; timezone: string; text: string }

export const DEFAULT_ZONE = 'Asia/Shanghai'

const MINUTE_MS = 60_000

/** What Temporal is told. The words go along as its comment, since it gives the times back only taken apart. */
export function specOf(timing: Timing): ScheduleSpec {
  if (timing.kind === 'interval') return { intervals: [{ every: timing.everyMs }] }
  return { cronExpressions: [`${timing.cron} # ${timing.text}`], timezone: timing.timezone }
}

/** As POST /scheduler/jobs/{job_id}/schedule takes them. */
export interface CalendarTimes {
  hour?: number | undefined
  minute?: number | undefined
  day_of_week?: string | undefined
  day_of_month?: number | undefined
  cron?: string | undefined
  timezone?: string | undefined
}

/** Times of the day, on all days or on some. */
export function calendarTiming(times: CalendarTimes): Timing {
  const { hour = 0, minute = 0, day_of_week: week, day_of_month: day, cron } = times
  const timezone = times.timezone ?? DEFAULT_ZONE
  if (cron !== undefined) return { kind: 'calendar', cron, timezone, text: `cron ${cron}` }
  const at = `at ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  const days = [
    ...(day === undefined ? [] : [`on day ${day} of the month`]),
    ...(week === undefined ? [] : [`on ${week}`]),
  ]
  return {
    kind: 'calendar',
    cron: `${minute} ${hour} ${day ?? '*'} * ${week ?? '*'}`,
    timezone,
    text: [at, ...(days.length > 0 ? days : ['every day'])].join(' '),
  }
}

/** `every 30 minutes`, `every 2 hours`. */
export function intervalText(everyMs: number): string {
  const minutes = everyMs / MINUTE_MS
  if (minutes < 1) return `every ${everyMs / 1_000} s`
  if (minutes % 60 === 0) return minutes === 60 ? 'every hour' : `every ${minutes / 60} hours`
  return minutes === 1 ? 'every minute' : `every ${minutes} minutes`
}

/** What a client has to ask for to have a schedule made the same again, but for the time zone. */
export type ScheduleTimes = { interval_minutes: number } | Omit<CalendarTimes, 'timezone'>

interface Spec extends Pick<ScheduleSpecDescription, 'calendars' | 'timezone'> {
  // Temporal leaves out an offset of nothing, whatever its types say.
  intervals?: { every: number; offset?: number }[]
}

/** When a schedule starts, in words and as a client asks for it. `times` is null where it was set in Temporal itself. */
export function describeSpec({ intervals = [], calendars = [], timezone }: Spec): {
  trigger: string
  timezone: string
  times: ScheduleTimes | null
} {
  const texts = [
    ...intervals.map(({ every }) => intervalText(every)),
    ...calendars.map(({ comment }) => comment ?? 'at times that were set in Temporal'),
  ]
  const [interval] = intervals
  const trigger = texts.join('; ')
  const times = texts.length > 1 ? null : interval ? everyOf(interval) : timesIn(trigger)
  // An interval has no zone: the text is empty.
  return { trigger, timezone: timezone === undefined || timezone === '' ? 'UTC' : timezone, times }
}

const everyOf = ({ every, offset = 0 }: { every: number; offset?: number }): ScheduleTimes | null =>
  offset === 0 && every % MINUTE_MS === 0 ? { interval_minutes: every / MINUTE_MS } : null

const AT = /^at (\d\d):(\d\d)(?: every day|(?: on day (\d+) of the month)?(?: on ([a-z,-]+))?)$/

/** The times behind the words of `calendarTiming`. */
function timesIn(text: string): ScheduleTimes | null {
  if (text.startsWith('cron ')) return { cron: text.slice('cron '.length) }
  const [, hour, minute, day, week] = AT.exec(text) ?? []
  if (hour === undefined) return null
  return {
    hour: Number(hour),
    minute: Number(minute),
    ...(week !== undefined && { day_of_week: week }),
    ...(day !== undefined && { day_of_month: Number(day) }),
  }
}

export const minutesTiming = (minutes: number): Timing => ({ kind: 'interval', everyMs: minutes * MINUTE_MS })
