import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalText, parseFixed } from '../../local/replay/decimal.ts'
import { JsonWriter } from '../../local/replay/tushare/json-writer.ts'

const written = (value: number, decimals: number): string => {
  const out = new JsonWriter()
  out.openRow(true)
  out.fixed(value, decimals)
  return out.view().toString().slice(1)
}

test('the writer and the decimal text agree, and both read back as the same number', () => {
  const values = fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
    fc.integer({ min: 0, max: 100_000_000_000_000 }),
    fc.integer({ min: -20_000, max: 20_000 }),
  )
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 4 }), (value, decimals) => {
      expect(written(value, decimals)).toBe(decimalText(value, decimals))
      expect(parseFixed(decimalText(value, decimals), decimals)).toBe(value)
    }),
    { numRuns: 3000 },
  )
})

test.each([
  [650_000_000, 0, '650000000'],
  [1370, 2, '13.7'],
  [-5, 4, '-0.0005'],
  [0, 3, '0'],
  [700_00, 2, '700'],
])('%i with %i decimals is %s', (value, decimals, text) => {
  expect(written(value, decimals)).toBe(text)
})

test('a text with more digits than the unit holds is refused, not rounded', () => {
  expect(() => parseFixed('1.005', 2)).toThrow()
  expect(() => parseFixed('', 2)).toThrow()
  expect(parseFixed('1.50', 1)).toBe(15)
})

test('any text survives the writer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const out = new JsonWriter()
      out.openRow(true)
      out.text(text)
      out.closeRow()
      expect(JSON.parse(out.view().toString())).toEqual([text])
    }),
  )
})
