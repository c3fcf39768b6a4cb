import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TextBuffer } from '../../api/tables/text-buffer.ts'
import { plainDecimal } from '../../market/units.ts'

fc.configureGlobal({ seed: 20_261_120 })

describe('text that is put together byte by byte', () => {
  test('has numbers as their shortest decimals', () => {
    const decimals = fc.tuple(fc.maxSafeInteger(), fc.nat(12)).map(([n, places]) => n / 10 ** places)
    const anyNumber = fc.oneof(
      fc.double(),
      decimals,
      fc.integer(),
      fc.constantFrom(-0, 1e-7, 1e21, 5e-324, 0.1 + 0.2),
    )
    fc.assert(
      fc.property(anyNumber, (value) => {
        const buffer = new TextBuffer()
        buffer.addNumber(value)
        expect(Buffer.from(buffer.take()).toString()).toBe(plainDecimal(value))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is UTF-8, whatever is added and however much', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('x'.repeat(300_000), '银'.repeat(100_000)),
    )
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 20 }), (texts) => {
        const buffer = new TextBuffer()
        for (const text of texts) buffer.add(text)
        expect(Buffer.from(buffer.take()).equals(Buffer.from(texts.join('')))).toBe(true)
        expect(buffer.take()).toHaveLength(0)
      }),
      { numRuns: 30 },
    )
  })
})
