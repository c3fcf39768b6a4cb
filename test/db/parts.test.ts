import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bySymbol, inParts } from '../../db/parts.ts'

const stocks = (count: number) => Array.from({ length: count }, (_, i): [number, string] => [i, `S${i}`])

test('parts hold every stock once, in order, and no more than fits into memory', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6_000 }), fc.integer({ min: 0, max: 13_000 }), (count, days) => {
      const to = new Date(Date.UTC(1990, 11, 19 + days)).toISOString().slice(0, 10)
      const parts = [...inParts(stocks(count), { from: '1990-12-19', to })]
      expect(parts.flatMap((part) => [...part])).toEqual(stocks(count))
      for (const part of parts)
        expect(part.size === 1 || part.size * days * 0.67 <= 200_000 || days === 0).toBe(true)
    }),
    { seed: 20_261_120, numRuns: 50 },
  )
})

test('a day is one part, and dates that contradict each other are none too many', () => {
  expect([...inParts(stocks(5_700), { from: '2024-01-02', to: '2024-01-02' })].length).toBe(1)
  expect([...inParts(stocks(3), { from: '2024-01-02', to: '2023-01-02' })].length).toBe(1)
})

test('stocks come by symbol', () => {
  const symbols = new Map([
    [1, '600000.SH'],
    [2, '000001.SZ'],
  ])
  expect(bySymbol(symbols)).toEqual([
    [2, '000001.SZ'],
    [1, '600000.SH'],
  ])
})
