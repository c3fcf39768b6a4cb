import type { RunSettings } from '../../market/run-settings.ts'
import type { ScheduleDraft } from '../temporal/schedules.ts'
import { calendarTiming, type CalendarTimes } from './timing.ts'

/**
 * What is made at the first start. Each job finds for itself what is due: on a Saturday at 01:00 that is Friday, and on a
 * holiday nothing. Young values are read again at night, when upstreams have corrected them; the evening brings the day.
 */
export function defaultSchedules({ recheckSessions }: Pick<RunSettings, 'recheckSessions'>): ScheduleDraft[] {
  const recheck = recheckSessions > 0 ? { recheck: recheckSessions } : {}
  const at = (hour: number, minute = 0, days: CalendarTimes = {}) => calendarTiming({ ...days, hour, minute })
  const drafts: Omit<ScheduleDraft, 'paused'>[] = [
    { key: 'daily_incremental', job: 'daily_incremental', params: recheck, timing: at(1) },
    {
      key: 'daily_incremental.evening',
      job: 'daily_incremental',
      params: {},
      timing: at(20, 30, { day_of_week: 'mon-fri' }),
    },
    { key: 'weekly', job: 'weekly', params: {}, timing: at(2, 0, { day_of_week: 'mon' }) },
    { key: 'monthly', job: 'monthly', params: {}, timing: at(3, 0, { day_of_month: 1 }) },
    {
      key: 'full_history',
      job: 'full_history',
      params: { recheck_share: true },
      timing: at(4, 0, { day_of_month: 1 }),
    },
    // What companies announce in the evening is with the upstreams by the morning.
    { key: 'finance_incremental', job: 'finance_incremental', params: {}, timing: at(6) },
    { key: 'retry_failures', job: 'retry_failures', params: {}, timing: at(7) },
  ]
  return drafts.map((draft) => ({ ...draft, paused: false }))
}
