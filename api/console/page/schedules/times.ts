import type { ScheduleView } from '../../../schemas/schedule.ts'

/** When a schedule starts, as a form asks for it. Times are `HH:MM`. */
export type Times =
  | { way: 'daily'; time: string }
  | { way: 'week'; time: string; days: string }
  | { way: 'month'; time: string; day: string }
  | { way: 'interval'; minutes: string }
  | { way: 'cron'; cron: string }

export const WAYS = ['daily', 'week', 'month', 'interval', 'cron'] as const satisfies Times['way'][]

/** The times of a schedule for the form; null for those that it has no fields for. */
export function timesOf({ times }: Pick<ScheduleView, 'times'>): Times | null {
  if (times === null) return null
  if ('interval_minutes' in times) return { way: 'interval', minutes: String(times.interval_minutes) }
  const { cron, hour = 0, minute = 0, day_of_week: days, day_of_month: day } = times
  if (cron !== undefined) return { way: 'cron', cron }
  const time = [hour, minute].map((part) => String(part).padStart(2, '0')).join(':')
  if (days !== undefined && day !== undefined) return null
  if (day !== undefined) return { way: 'month', time, day: String(day) }
  return days === undefined ? { way: 'daily', time } : { way: 'week', time, days }
}
