import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDays, fromCompact, isTradeDate, shanghaiClock, toCompact } from '../../market/date.ts'

fc.configureGlobal({ seed: 20_240_102 })

const day = fc
  .date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10))

test.each(['2024-02-29', '2000-02-29', '1990-12-19', '2025-12-31'])('%s is a day', (text) => {
  expect(isTradeDate(text)).toBe(true)
})

test.each([
  '2025-02-30',
  '2025-02-29',
  '1900-02-29',
  '2025-04-31',
  '2025-13-01',
  '2025-00-10',
  '2025-01-00',
  '2025-1-1',
  '20250101',
  '2025-01-01 ',
  '2025-01-01T00:00:00Z',
  '+02025-01-01',
  '',
])('%j is no day', (text) => {
  expect(isTradeDate(text)).toBe(false)
})

test.each(['20250230', '2025-01-02', '2025010', '202501011', '2025011a', '', '20251301'])(
  '%j is no compact date',
  (text) => {
    expect(fromCompact(text)).toBeNull()
  },
)

test('a date survives the way to the upstream and back', () => {
  fc.assert(
    fc.property(day, (date) => {
      expect(fromCompact(toCompact(date))).toBe(date)
    }),
  )
})

test('adding days crosses months, years and leap days', () => {
  expect([addDays('2024-02-28', 2), addDays('2023-12-31', 1), addDays('2024-03-01', -1)]).toEqual([
    '2024-03-01',
    '2024-01-01',
    '2024-02-29',
  ])
})

test('adding days and taking them off again ends where it began', () => {
  fc.assert(
    fc.property(day, fc.integer({ min: -20_000, max: 20_000 }), (date, days) => {
      expect(addDays(addDays(date, days), -days)).toBe(date)
    }),
  )
})

test('the clock of the exchanges is eight hours ahead of UTC all year round', () => {
  expect(
    ['2025-07-01T15:59:59Z', '2025-07-01T16:00:00Z', '2025-12-31T16:30:00Z'].map((at) =>
      shanghaiClock(new Date(at)),
    ),
  ).toEqual([
    { date: '2025-07-01', time: '23:59' },
    { date: '2025-07-02', time: '00:00' },
    { date: '2026-01-01', time: '00:30' },
  ])
})
