import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonEncoder } from '../../api/tables/encoders.ts'
import type { TableColumn } from '../../api/tables/table.ts'
import { type ColumnLot, type LotColumn, rowsOfLot, type Value } from '../../db/column-lot.ts'
import { TextRows } from '../../db/text-rows.ts'

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
/** Cells of rows of which the first ones belong to others. */
const cells = (texts: fc.Arbitrary<string>, of: 'text' | 'number' | 'flag') =>
  fc.tuple(many(fc.oneof(fc.constant(''), texts)), fc.nat(2)).map(([some, from]) => {
    const all = [...Array.from({ length: from }, () => '77'), ...some].flatMap((text) => ['x', text])
    const rows = new TextRows(Buffer.from(all.join()), all.length / 2, 2)
    return { kind: 'cells', rows, cell: 1, from, of } as const
  })
const date = cells(fc.constantFrom('1990-12-19', '2026-11-20'), 'text')
const decimal = cells(
  fc
    .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 9_999 }))
    .map(([whole, rest]) => `${whole}.${String(rest).padStart(4, '0')}`),
  'text',
)
const integer = cells(fc.maxSafeInteger().map(String), 'number')
const numbers = many(number).map((n) => ({ kind: 'numbers' as const, values: Float64Array.from(n) }))

const column = fc.oneof(
  columnOf('text', fc.oneof(same(text), values(text))),
  columnOf(
    'date',
    fc.oneof(
      same(fc.constant('2026-11-20')),
      values(maybe(fc.constantFrom('1990-12-19', '2026-11-20'))),
      date,
    ),
  ),
  columnOf('decimal', fc.oneof(same(fc.constantFrom('1.0300', null)), decimal)),
  columnOf('integer', integer),
  columnOf('number', numbers),
  columnOf('boolean', fc.oneof(same(flag), values(flag), cells(fc.constantFrom('true', 'false'), 'flag'))),
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
