import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DayPart,
  joinDays,
  periodAround,
  settledThrough,
  weekdayAtOrBefore,
} from '../../market/bar-periods.ts'
import { addDays } from '../../market/date.ts'

fc.configureGlobal({ seed: 20_241_230 })

const anyDate = fc.integer({ min: 0, max: 20_000 }).map((n) => addDays('1990-12-19', n))

test('a week begins on Monday, across the end of a year too', () => {
  expect([periodAround('weekly', '2024-12-30'), periodAround('weekly', '2025-01-05')]).toEqual(
    Array(2).fill({ from: '2024-12-30', to: '2025-01-05' }),
  )
})

test('a month ends on its last day, in a leap year too', () => {
  expect([periodAround('monthly', '2024-02-10').to, periodAround('monthly', '2023-12-31').to]).toEqual([
    '2024-02-29',
    '2023-12-31',
  ])
})

test.each(['weekly', 'monthly'] as const)('%s periods follow each other without gap or overlap', (period) => {
  fc.assert(
    fc.property(anyDate, (date) => {
      const { from, to } = periodAround(period, date)
      expect(from <= date && date <= to).toBe(true)
      expect(periodAround(period, from)).toEqual({ from, to })
      expect(periodAround(period, addDays(to, 1)).from).toBe(addDays(to, 1))
    }),
  )
})

test('weekends lead back to Friday', () => {
  expect(['2024-01-05', '2024-01-06', '2024-01-07', '2024-01-08'].map(weekdayAtOrBefore)).toEqual([
    '2024-01-05',
    '2024-01-05',
    '2024-01-05',
    '2024-01-08',
  ])
})

test('a day is settled when the slowest source has it', () => {
  const at = (time: string) => settledThrough(new Date(`2026-11-20T${time}+08:00`))
  expect([at('18:29'), at('18:30')]).toEqual(['2026-11-19', '2026-11-20'])
})

describe('days of a week', () => {
  const day = (open: number, high: number, low: number, close: number, preClose: number | null): DayPart => ({
    prices: { open, high, low, close, preClose },
    volume: 100,
    amount: '1000.1234',
  })

  test('make one bar: first open, last close, extremes, sums', () => {
    expect(joinDays([day(10, 12, 9, 11, 9.5), day(11, 11.5, 8, 9, 11), day(9, 10, 9, 10, 9)])).toEqual({
      prices: { open: 10, high: 12, low: 8, close: 10, preClose: 9.5 },
      volume: 300,
      amount: '3000.3702',
    })
  })

  test('have no price together when one of them has none, but their volume', () => {
    const unknown: DayPart = { prices: null, volume: 50, amount: '7.0000' }
    expect(joinDays([day(10, 12, 9, 11, 9.5), unknown])).toEqual({
      prices: null,
      volume: 150,
      amount: '1007.1234',
    })
  })

  test('sum up to the last of four decimals, beyond what a double holds', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 17n })
    const text = (n: bigint) => `${n / 10_000n}.${String(n % 10_000n).padStart(4, '0')}`
    fc.assert(
      fc.property(fc.array(digits, { minLength: 1, maxLength: 23 }), (amounts) => {
        const days = amounts.map((n): DayPart => ({ prices: null, volume: 0, amount: text(n) }))
        expect(joinDays(days).amount).toBe(text(amounts.reduce((sum, n) => sum + n, 0n)))
      }),
    )
  })
})
