import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timesOf } from '../../api/console/page/schedules/times.ts'
import {
  calendarTiming,
  type CalendarTimes,
  describeSpec,
  minutesTiming,
  type ScheduleTimes,
  specOf,
} from '../../api/scheduler/timing.ts'

/*
 * The times of a schedule go to Temporal as cron with words behind it, come back as a client asks for them, and stand in the form
 * that changes them.
 */

const at = { hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) }
const week = fc.constantFrom('mon', 'mon-fri', 'tue,thu', 'sun-mon,wed')
const month = fc.integer({ min: 1, max: 31 })
const two = (value: number): string => String(value).padStart(2, '0')

/** Temporal takes cron apart and keeps what stands behind it. */
function told(times: CalendarTimes): ScheduleTimes | null {
  const [cron = ''] = specOf(calendarTiming(times)).cronExpressions ?? []
  const calendar = { comment: cron.slice(cron.indexOf('#') + 2) }
  return describeSpec({ calendars: [calendar] as never }).times
}
const ofEvery = (every: number, offset = {}) => describeSpec({ intervals: [{ every, ...offset }] }).times

test('times of the day come back as they were given, and stand in the form', () => {
  const days = fc.record(
    { ...at, day_of_week: week, day_of_month: month },
    { requiredKeys: ['hour', 'minute'] },
  )
  fc.assert(
    fc.property(days, (given) => {
      const times = told(given)
      expect(times).toEqual(given)
      const { hour, minute, day_of_week: ofWeek, day_of_month: day } = given
      const time = `${two(hour)}:${two(minute)}`
      const shown =
        day === undefined
          ? ofWeek === undefined
            ? { way: 'daily', time }
            : { way: 'week', time, days: ofWeek }
          : { way: 'month', time, day: String(day) }
      // The form has either days of the week or one of the month.
      expect(timesOf({ times })).toEqual(day !== undefined && ofWeek !== undefined ? null : shown)
    }),
  )
})

test('intervals and cron expressions come back as they were given', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 44_640 }), (minutes) => {
      const timing = minutesTiming(minutes)
      const times = timing.kind === 'interval' ? ofEvery(timing.everyMs) : null
      expect(times).toEqual({ interval_minutes: minutes })
      expect(timesOf({ times })).toEqual({ way: 'interval', minutes: String(minutes) })
    }),
  )
  const times = told({ cron: '30 20 * * mon-fri' })
  expect(times).toEqual({ cron: '30 20 * * mon-fri' })
  expect(timesOf({ times })).toEqual({ way: 'cron', cron: '30 20 * * mon-fri' })
})

test('what was set in Temporal itself is told in words alone', () => {
  expect(ofEvery(30_000)).toBeNull()
  expect(ofEvery(3_600_000, { offset: 60_000 })).toBeNull()
  expect(describeSpec({ calendars: [{}] as never })).toEqual({
    trigger: 'at times that were set in Temporal',
    timezone: 'UTC',
    times: null,
  })
  const both = { intervals: [{ every: 60_000, offset: 0 }], calendars: [{ comment: 'at 01:00 every day' }] }
  expect(describeSpec(both as never)).toMatchObject({
    trigger: 'every minute; at 01:00 every day',
    times: null,
  })
  expect(timesOf({ times: null })).toBeNull()
})
