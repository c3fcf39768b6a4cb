import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  LOT_TO_SHARES,
  passesUnitGuard,
  plainDecimal,
  shiftDecimal,
  THOUSAND_TO_ONE,
} from '../../market/units.ts'

fc.configureGlobal({ seed: 20_240_102 })

/** `digits` x 10^-`scale` as text without an exponent. */
function decimalText(digits: bigint, scale: number): string {
  const whole = digits.toString().padStart(scale + 1, '0')
  const at = whole.length - scale
  const fraction = whole.slice(at).replace(/0+$/, '')
  return fraction === '' ? whole.slice(0, at) : `${whole.slice(0, at)}.${fraction}`
}

/** A decimal as an upstream sends it: up to 15 significant digits, any sign. */
const decimal = fc.record({
  digits: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 7n })),
  scale: fc.integer({ min: 0, max: 22 }),
  negative: fc.boolean(),
})

test('shifting the decimal point keeps every digit of a decimal of up to 15 digits', () => {
  fc.assert(
    fc.property(decimal, fc.integer({ min: 0, max: 8 }), ({ digits, scale, negative }, places) => {
      const sign = negative && digits > 0n ? '-' : ''
      const value = Number(`${sign}${decimalText(digits, scale)}`)
      const shifted = decimalText(digits * 10n ** BigInt(places), scale)
      expect(shiftDecimal(value, places)).toBe(`${sign}${shifted}`)
    }),
    { numRuns: 5_000 },
  )
})

test('a decimal prints without an exponent, whatever its size', () => {
  fc.assert(
    fc.property(decimal, ({ digits, scale, negative }) => {
      const text = `${negative && digits > 0n ? '-' : ''}${decimalText(digits, scale)}`
      expect(plainDecimal(Number(text))).toBe(text)
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  [1e-7, 0, '0.0000001'],
  [1e-7, 3, '0.0001'],
  [1e-7, 7, '1'],
  [-1.5e-9, 2, '-0.00000015'],
  [1.25e21, 2, '125000000000000000000000'],
  [-0, 2, '0'],
  [0.07, LOT_TO_SHARES, '7'],
  [1.1, THOUSAND_TO_ONE, '1100'],
  [4.35, LOT_TO_SHARES, '435'],
  [123456.785, LOT_TO_SHARES, '12345678.5'],
  // A tolerance that grows with the number must not swallow a digit that was sent.
  [99_999_999_999.9999, THOUSAND_TO_ONE, '99999999999999.9'],
])('%d shifted by %i is %s', (value, places, text) => {
  expect(shiftDecimal(value, places)).toBe(text)
})

const BAR = { low: 9.5, high: 10.5, volume: 10_000, amount: 100_000 }

test('a bar whose mean price lies in the range of the day passes', () => {
  expect(passesUnitGuard(BAR)).toBe(true)
})

test.each([
  ['lots instead of shares', { ...BAR, volume: BAR.volume / 100 }],
  ['shares counted as lots', { ...BAR, volume: BAR.volume * 100 }],
  ['thousand yuan instead of yuan', { ...BAR, amount: BAR.amount / 1000 }],
  ['yuan counted as thousand yuan', { ...BAR, amount: BAR.amount * 1000 }],
  ['money without trades', { ...BAR, volume: 0 }],
  ['trades without money', { ...BAR, amount: 0 }],
])('%s is found out', (_, bar) => {
  expect(passesUnitGuard(bar)).toBe(false)
})

test('a bar that did not trade passes', () => {
  expect(passesUnitGuard({ ...BAR, volume: 0, amount: 0 })).toBe(true)
})
