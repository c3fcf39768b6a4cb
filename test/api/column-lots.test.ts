import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonEncoder } from '../../api/tables/encoders.ts'
import type { TableColumn } from '../../api/tables/table.ts'
import { type ColumnLot, type LotColumn, rowsOfLot, type Value } from '../../db/column-lot.ts'

const MOST_ROWS = 6

const columnOf = <T extends LotColumn>(
  type: TableColumn['type'],
  values: fc.Arbitrary<T>,
): fc.Arbitrary<{ type: TableColumn['type']; values: LotColumn }> =>
  values.map((column) => ({ type, values: column }))

const many = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(value, { minLength: MOST_ROWS, maxLength: MOST_ROWS })
const same = (value: fc.Arbitrary<Value>) => value.map((value) => ({ kind: 'same', value }) as const)
const values = (value: fc.Arbitrary<Value>) =>
  many(value).map((values) => ({ kind: 'values', values }) as const)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const text = maybe(fc.constantFrom('600000.SH', 'tushare', 'a "b"\n', '中'))
const flag = maybe(fc.boolean())
const number = fc.oneof(
  fc.constant(NaN),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer().map((n) => n / 10 ** 8),
  fc.maxSafeInteger(),
)
const scaled = fc
  .tuple(
    many(fc.oneof(fc.constant(NaN), fc.maxSafeInteger(), fc.integer())),
    many(fc.integer({ min: 0, max: 22 })),
  )
  .map(([digits, places]) => ({
    kind: 'scaled' as const,
    digits: Float64Array.from(digits),
    places: Uint8Array.from(places),
  }))
const numbers = many(number).map((n) => ({ kind: 'numbers' as const, values: Float64Array.from(n) }))

const column = fc.oneof(
  columnOf('text', fc.oneof(same(text), values(text))),
  columnOf(
    'date',
    fc.oneof(same(fc.constant('2026-11-20')), values(maybe(fc.constantFrom('1990-12-19', '2026-11-20')))),
  ),
  columnOf('decimal', fc.oneof(same(fc.constantFrom('1.0300', null)), scaled)),
  columnOf('number', numbers),
  columnOf('boolean', fc.oneof(same(flag), values(flag))),
)

test('rows are the same text whether they come row by row or column by column', () => {
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: MOST_ROWS }), { maxLength: 4 }),
      (table, counts) => {
        const columns = table.map(({ type }, i) => ({ name: `c${i}`, type }))
        const lots: ColumnLot[] = counts.map((count) => ({
          count,
          columns: table.map(({ values }) => values),
        }))
        const one = jsonEncoder(columns, { adjust: 'qfq' })
        const other = jsonEncoder(columns, { adjust: 'qfq' })
        const byColumn = [one.head(), ...lots.map((lot) => one.columnLot?.(lot) ?? ''), one.tail()]
        const byRow = [other.head(), ...lots.map((lot) => other.lot(rowsOfLot(lot))), other.tail()]
        expect(textOf(byColumn)).toBe(textOf(byRow))
        expect(JSON.parse(textOf(byColumn))).toMatchObject({
          count: counts.reduce((sum, count) => sum + count, 0),
        })
      },
    ),
    { seed: 20_261_120, numRuns: 500 },
  )
})

const textOf = (chunks: readonly (string | Uint8Array)[]): string =>
  Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString()
