import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timesIn } from '../../api/console/page/schedules/times.ts'
import { calendarTiming, intervalText } from '../../api/scheduler/timing.ts'

/*
 * The form that changes a schedule begins with its present times, which the API says in words.
 */

const hour = fc.integer({ min: 0, max: 23 })
const minute = fc.integer({ min: 0, max: 59 })
const two = (value: number): string => String(value).padStart(2, '0')
const textOf = (times: Parameters<typeof calendarTiming>[0]): string => {
  const timing = calendarTiming(times)
  return timing.kind === 'calendar' ? timing.text : ''
}

test('times of the day are read back as they were given', () => {
  const days = fc.constantFrom('mon', 'mon-fri', 'tue,thu', 'sun-mon,wed')
  const day = fc.integer({ min: 1, max: 31 })
  fc.assert(
    fc.property(hour, minute, days, day, (h, m, week, month) => {
      const time = `${two(h)}:${two(m)}`
      const at = { hour: h, minute: m }
      expect(timesIn(textOf(at))).toEqual({ way: 'daily', time })
      expect(timesIn(textOf({ ...at, day_of_week: week }))).toEqual({ way: 'week', time, days: week })
      expect(timesIn(textOf({ ...at, day_of_month: month }))).toEqual({
        way: 'month',
        time,
        day: String(month),
      })
    }),
  )
})

test('intervals and cron expressions are read back as they were given', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 44_640 }), (minutes) => {
      expect(timesIn(intervalText(minutes * 60_000))).toEqual({ way: 'interval', minutes: String(minutes) })
    }),
  )
  expect(timesIn(textOf({ cron: '30 20 * * mon-fri' }))).toEqual({ way: 'cron', cron: '30 20 * * mon-fri' })
})

test('what the form cannot show is told as the API says it', () => {
  expect(timesIn(textOf({ hour: 3, day_of_week: 'mon', day_of_month: 1 }))).toBeNull()
  expect(timesIn('every 30 s')).toBeNull()
  expect(timesIn('at times that were set in Temporal')).toBeNull()
})
