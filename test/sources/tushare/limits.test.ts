import { expect, test } from 'vitest'
import { tushareLimits, type LimitSettings } from '../../../market/tushare.ts'

const UNSET: LimitSettings = { points: undefined, callsPerMinute: undefined, minIntervalMs: 0 }

test.each([
  [0, 50, 8_000],
  [120, 50, 8_000],
  [1_999, 50, 8_000],
  [2_000, 200, 100_000],
  [4_999, 200, 100_000],
  [5_000, 500, null],
  [15_000, 500, null],
])('an account of %i points may ask %i times a minute and %s times a day', (points, perMinute, perDay) => {
  expect(tushareLimits('daily', { ...UNSET, points })).toEqual({
    perMinute,
    perHour: null,
    perDay,
    minIntervalMs: 0,
  })
})

test('an account of unknown points starts at 500 a minute, until a refusal names another number', () => {
  expect(tushareLimits('daily', UNSET)).toMatchObject({ perMinute: 500, perDay: null })
})

test('an interface with a limit of its own keeps it in every tier, and the lower one holds', () => {
  const perMinute = (points: number) => tushareLimits('stock_basic', { ...UNSET, points }).perMinute
  expect([perMinute(120), perMinute(2_000), perMinute(15_000)]).toEqual([50, 50, 50])
})

test('a configured number takes the place of every limit, and 0 lifts them', () => {
  const configured = (callsPerMinute: number) => ({
    ...UNSET,
    points: 120,
    callsPerMinute,
    minIntervalMs: 250,
  })
  expect(tushareLimits('stock_basic', configured(80))).toEqual({
    perMinute: 80,
    perHour: null,
    perDay: null,
    minIntervalMs: 250,
  })
  expect(tushareLimits('daily', configured(0)).perMinute).toBeNull()
})
