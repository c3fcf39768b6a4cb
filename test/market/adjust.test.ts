import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  adjustmentRatio,
  adjustPrices,
  factorAt,
  type FactorFacts,
  factorSteps,
  type Prices,
  rounded,
} from '../../market/adjust.ts'
import { addDays, type TradeDate } from '../../market/date.ts'

fc.configureGlobal({ seed: 20_231_220 })

const FIRST = '2024-01-01'
const DAYS = 30
const dayAt = (n: number): TradeDate => addDays(FIRST, n)
const days = Array.from({ length: DAYS }, (_, n) => dayAt(n))

const factsOf = (facts: Partial<FactorFacts>): FactorFacts => ({
  steps: [],
  known: [{ from: FIRST, to: dayAt(DAYS - 1), isWhole: false }],
  doubtful: [],
  ...facts,
})

/** The factor of each day. */
const timeline = (facts: Partial<FactorFacts>): (string | null)[] => {
  const steps = factorSteps(factsOf(facts))
  return days.map((day) => factorAt(steps, day))
}

describe('the factor of a day', () => {
  test('is that of the last row at or before it, through any pause', () => {
    const steps = [
      { date: dayAt(0), factor: '2' },
      { date: dayAt(7), factor: '2.5' },
    ]
    const factors = timeline({ steps })
    expect([factors.slice(0, 7), factors.slice(7)]).toEqual([Array(7).fill('2'), Array(23).fill('2.5')])
  })

  test('is missing before the first row, unless the source has rows on ex-dates only: then it is 1', () => {
    const steps = [{ date: dayAt(3), factor: '1.2' }]
    const known = [{ from: FIRST, to: dayAt(5), isWhole: true }]
    expect([timeline({ steps })[2], timeline({ steps, known })[2]]).toEqual([null, '1'])
  })

  test('of a row before all that the source has answered for holds where that begins with the life', () => {
    const steps = [{ date: dayAt(0), factor: '2' }]
    const known = [
      { from: dayAt(0), to: dayAt(0), isWhole: true },
      { from: dayAt(2), to: dayAt(4), isWhole: true },
    ]
    expect(timeline({ steps, known }).slice(0, 6)).toEqual(['2', null, '2', '2', '2', null])
  })

  test('is missing on days that the source has not answered for, and behind them until its next row', () => {
    const steps = [
      { date: dayAt(0), factor: '2' },
      { date: dayAt(22), factor: '3' },
    ]
    const known = [
      { from: FIRST, to: dayAt(9), isWhole: true },
      { from: dayAt(20), to: dayAt(29), isWhole: false },
    ]
    const factors = timeline({ steps, known })
    expect(factors.map((factor) => factor ?? '-').join('')).toBe('2222222222------------33333333')
  })

  test('is missing on a day whose own row is, between two different ones', () => {
    const steps = [
      { date: dayAt(0), factor: '2' },
      { date: dayAt(6), factor: '3' },
    ]
    expect(
      timeline({ steps, doubtful: [dayAt(0), dayAt(5), dayAt(29)] })
        .map((f) => f ?? '-')
        .join(''),
    ).toBe('-2222-33333333333333333333333-')
  })

  // Rows on some days, days that are known, and which of those begin with the life of the stock.
  const anyFacts = fc
    .record({
      rows: fc.array(fc.option(fc.integer({ min: 1, max: 5 }), { freq: 2 }), {
        minLength: DAYS,
        maxLength: DAYS,
      }),
      isKnown: fc.array(fc.boolean(), { minLength: DAYS, maxLength: DAYS }),
      isSparse: fc.boolean(),
      doubtful: fc.uniqueArray(fc.integer({ min: 0, max: DAYS - 1 }), { maxLength: 4 }),
    })
    .map((facts) => ({ ...facts, doubtful: facts.doubtful.sort((a, b) => a - b) }))

  test('equals what a walk from day to day finds', () => {
    fc.assert(
      fc.property(anyFacts, ({ rows, isKnown, isSparse, doubtful }) => {
        const known = rangesOf(isKnown).map(([from, to], i) => ({
          from: dayAt(from),
          to: dayAt(to),
          isWhole: isSparse && i === 0,
        }))
        const steps = rows.flatMap((row, n) =>
          row === null ? [] : [{ date: dayAt(n), factor: String(row) }],
        )
        const walked: (string | null)[] = []
        let factor: string | null = isSparse ? '1' : null
        let seen: string | null = null
        for (const [n, row] of rows.entries()) {
          const startsAgain = isKnown[n] === true && n > 0 && isKnown[n - 1] === false
          const isFirst = isKnown[n] === true && isKnown.indexOf(true) === n
          if (row !== null) seen = String(row)
          if (isFirst) factor = isSparse ? (seen ?? '1') : null
          else if (startsAgain) factor = null
          if (row !== null) factor = String(row)
          walked.push(isKnown[n] === true && !doubtful.includes(n) ? factor : null)
        }
        expect(timeline({ steps, known, doubtful: doubtful.map(dayAt) })).toEqual(walked)
      }),
      { numRuns: 500 },
    )
  })

  test('is found among steps that ascend strictly', () => {
    fc.assert(
      fc.property(anyFacts, ({ rows, isKnown, isSparse, doubtful }) => {
        const steps = factorSteps({
          steps: rows.flatMap((row, n) => (row === null ? [] : [{ date: dayAt(n), factor: String(row) }])),
          known: rangesOf(isKnown).map(([from, to]) => ({
            from: dayAt(from),
            to: dayAt(to),
            isWhole: isSparse,
          })),
          doubtful: doubtful.map(dayAt),
        })
        expect(steps.slice(1).every(({ from }, i) => (steps[i]?.from ?? '') < from)).toBe(true)
      }),
    )
  })
})

/** Runs of true as first and last place. */
function rangesOf(flags: readonly boolean[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const [n, flag] of flags.entries()) {
    const last = ranges.at(-1)
    if (flag && last?.[1] === n - 1) last[1] = n
    else if (flag) ranges.push([n, n])
  }
  return ranges
}

const factor = fc.integer({ min: 1_000, max: 100_556_400 }).map((n) => String(n / 10_000))
const cents = fc.integer({ min: 1, max: 300_000 }).map((n) => n / 100)
const prices: fc.Arbitrary<Prices> = fc.record({
  open: cents,
  high: cents,
  low: cents,
  close: cents,
  preClose: fc.option(cents),
})

describe('adjusted prices', () => {
  test('adjusted forward, the anchor day is as traded', () => {
    fc.assert(
      fc.property(prices, factor, (raw, f) => {
        expect(adjustPrices(raw, adjustmentRatio('qfq', f, f) ?? NaN)).toEqual(raw)
      }),
    )
  })

  test('returns are the same whatever the anchor is, forward or backward', () => {
    fc.assert(
      fc.property(cents, cents, factor, factor, factor, factor, (first, second, f1, f2, anchor, other) => {
        const change = (adjust: 'qfq' | 'hfq', a: string) =>
          (second * (adjustmentRatio(adjust, f2, a) ?? NaN)) /
          (first * (adjustmentRatio(adjust, f1, a) ?? NaN))
        expect(change('qfq', anchor) / change('qfq', other)).toBeCloseTo(1, 12)
        expect(change('qfq', anchor) / change('hfq', other)).toBeCloseTo(1, 12)
      }),
    )
  })

  test('on an ex-date the adjusted pre_close is the adjusted close before, up to half a cent of the raw reference', () => {
    const step = fc.integer({ min: 1_001, max: 30_000 }).map((n) => n / 1_000)
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 300_000 }), step, factor, (closeCents, times, f) => {
        const close = closeCents / 100
        // What exchanges do: the reference is the last close over the step, rounded to cents.
        const reference = Math.round(closeCents / times) / 100
        const before = close * (adjustmentRatio('hfq', f, null) ?? NaN)
        const after = reference * (adjustmentRatio('hfq', String(Number(f) * times), null) ?? NaN)
        expect(Math.abs(after - before)).toBeLessThanOrEqual(0.005 * Number(f) * times * (1 + 1e-9))
      }),
    )
  })

  test('without a factor there is no price, with an unknown anchor none that is adjusted forward', () => {
    expect([
      adjustmentRatio('qfq', null, '2'),
      adjustmentRatio('hfq', null, null),
      adjustmentRatio('qfq', '2', null),
      adjustmentRatio('hfq', '2', null),
      adjustmentRatio('none', null, null),
    ]).toEqual([null, null, null, 2, 1])
  })

  test('a price that is missing stays missing', () => {
    expect(adjustPrices({ open: 1, high: 2, low: 1, close: 2, preClose: null }, 3).preClose).toBeNull()
  })
})

describe('rounding', () => {
  test('is half away from zero, and never gives a negative zero', () => {
    expect([rounded(0.125, 2), rounded(-0.125, 2), rounded(-0.001, 2), rounded(12.34, 0)]).toEqual([
      0.13, -0.13, 0, 12,
    ])
  })

  test('to eight decimals keeps the exact product of a price and a factor', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300_000 }),
        fc.integer({ min: 10_000, max: 3_000_000 }),
        (p, f) => {
          // Cents times ten-thousandths, in whole numbers.
          expect(rounded((p / 100) * (f / 10_000), 8)).toBe((p * f) / 1_000_000)
        },
      ),
    )
  })

  test('leaves numbers alone that are too large to have decimals', () => {
    expect(rounded(123_456_789_012.345, 8)).toBe(123_456_789_012.345)
  })
})
