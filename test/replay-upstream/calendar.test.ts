import { expect, test } from 'vitest'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { realCalendar } from '../../local/replay/sandbox/calendar.ts'
import { recordedData } from './client.ts'

const calendar = realCalendar()
const directory = recordedData()

test('the real calendar has 8,797 sessions from 1990-12-19 to 2026-12-31, none at a weekend', () => {
  expect(calendar.sessions.length).toBe(8797)
  expect([calendar.sessions[0], calendar.sessions.at(-1)]).toEqual(['19901219', '20261231'])
  const weekdays = calendar.sessions.map((d) =>
    new Date(`${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)}T00:00:00Z`).getUTCDay(),
  )
  expect(weekdays.every((day) => day >= 1 && day <= 5)).toBe(true)
})

test('the session that one vendor lacks is there', () => {
  expect(calendar.indexOf('19920504')).toBeGreaterThan(0)
})

test.each([
  ['20261120', '20261120', '20261120'],
  ['20261121', '20261123', '20261120'],
  ['20261001', '20261008', '20260930'],
])('around %s the next session is %s and the last %s', (date, next, last) => {
  expect(calendar.sessions[calendar.atOrAfter(date)]).toBe(next)
  expect(calendar.sessions[calendar.atOrBefore(date)]).toBe(last)
})

test.skipIf(directory === undefined)('every calendar day equals the recorded one', () => {
  const recorded = pickColumns(readCsv(directory ?? '', 'trade_cal'), [
    'cal_date',
    'is_open',
    'pretrade_date',
  ])
  const ours = calendar.days.map(({ date, open, previousSession }) => [
    date,
    open ? '1' : '0',
    previousSession ?? '',
  ])
  expect(ours).toEqual(recorded)
})
