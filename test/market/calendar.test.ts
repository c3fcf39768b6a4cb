import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SessionCalendar } from '../../market/calendar.ts'
import { addDays } from '../../market/date.ts'

fc.configureGlobal({ seed: 20_240_102 })

const WEEK = new SessionCalendar(['2024-01-02', '2024-01-03', '2024-01-05', '2024-01-08'])

test('a session is found at its own position, a closed day between its neighbours', () => {
  expect([WEEK.firstAtOrAfter('2024-01-03'), WEEK.lastAtOrBefore('2024-01-03')]).toEqual([1, 1])
  expect([WEEK.firstAtOrAfter('2024-01-04'), WEEK.lastAtOrBefore('2024-01-04')]).toEqual([2, 1])
})

test('before the first session nothing is found behind, after the last nothing ahead', () => {
  expect([WEEK.firstAtOrAfter('1990-01-01'), WEEK.lastAtOrBefore('1990-01-01')]).toEqual([0, -1])
  expect([WEEK.firstAtOrAfter('2030-01-01'), WEEK.lastAtOrBefore('2030-01-01')]).toEqual([4, 3])
})

test('positions agree with counting, whatever days are open', () => {
  const closures = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(closures, fc.integer({ min: -5, max: 65 }), (open, offset) => {
      const sessions = open.flatMap((isOpen, i) => (isOpen ? [addDays('2024-01-01', i)] : []))
      const date = addDays('2024-01-01', offset)
      const calendar = new SessionCalendar(sessions)
      expect(calendar.firstAtOrAfter(date)).toBe(sessions.filter((each) => each < date).length)
      expect(calendar.lastAtOrBefore(date)).toBe(sessions.filter((each) => each <= date).length - 1)
      expect(calendar.isSession(date)).toBe(sessions.includes(date))
    }),
  )
})

test('the calendar is never extrapolated', () => {
  expect(() => WEEK.at(4)).toThrow('the calendar has no session 4')
  expect(() => WEEK.at(-1)).toThrow(RangeError)
})

test.each([[['2024-01-03', '2024-01-02']], [['2024-01-02', '2024-01-02']]])(
  'sessions that do not ascend strictly are refused: %j',
  (sessions) => {
    expect(() => new SessionCalendar(sessions)).toThrow('sessions must ascend strictly')
  },
)
