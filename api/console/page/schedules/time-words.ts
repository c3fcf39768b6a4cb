import type { App } from '../app.ts'
import type { Words } from '../words/words.ts'
import type { Schedule } from './schedules.ts'
import { timesOf } from './times.ts'

/** When a schedule starts, in the language of the page. */
export function timesInWords({ t, format }: Pick<App, 't' | 'format'>, schedule: Schedule): string {
  const times = timesOf(schedule)
  const { at } = t.schedules
  switch (times?.way) {
    case 'daily':
      return at.daily(times.time)
    case 'week':
      return at.week(times.time, daysInWords(t, times.days))
    case 'month':
      return at.month(times.time, times.day)
    case 'interval':
      return at.every(format.duration(Number(times.minutes) * 60))
    case 'cron':
      return times.cron
    case undefined:
      return schedule.trigger
  }
}

const daysInWords = ({ weekdays, schedules }: Words, days: string): string =>
  days
    .split(',')
    .map((range) =>
      range
        .split('-')
        .map((day) => (weekdays as Record<string, string>)[day] ?? day)
        .join(schedules.at.to),
    )
    .join(schedules.at.and)
