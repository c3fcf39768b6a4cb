import type { TextRows } from './text-rows.ts'

/*
 * Rows column by column. What comes by the thousand costs no object, no text and no number of its own for each of its values.
 */

export type Value = string | number | boolean | null

export type LotColumn =
  /** One value in all rows. */
  | { kind: 'same'; value: Value }
  | { kind: 'values'; values: readonly Value[] }
  /** NaN stands for null. */
  | { kind: 'numbers'; values: Float64Array }
  /** Cells of rows as their bytes, from a row on: texts, whole numbers, or flags (`true` and `false`). */
  | { kind: 'cells'; rows: TextRows; cell: number; from: number; of: 'text' | 'number' | 'flag' }

/** Some rows of a table; arrays may be longer than these. */
export interface ColumnLot {
  count: number
  columns: readonly LotColumn[]
}

/** The same rows, each on its own. */
export function rowsOfLot({ count, columns }: ColumnLot): Value[][] {
  const values = columns.map(valueAt)
  return Array.from({ length: count }, (_, row) => values.map((at) => at(row)))
}

function valueAt(column: LotColumn): (row: number) => Value {
  switch (column.kind) {
    case 'same':
      return () => column.value
    case 'values':
      return (row) => column.values[row] ?? null
    case 'numbers':
      return (row) => orNull(column.values[row])
    case 'cells':
      return cellAt(column)
  }
}

function cellAt({ rows, cell, from, of }: Extract<LotColumn, { kind: 'cells' }>): (row: number) => Value {
  switch (of) {
    case 'text':
      return (row) => rows.text(from + row, cell)
    case 'number':
      return (row) => orNull(rows.number(from + row, cell))
    case 'flag':
      return (row) => rows.flag(from + row, cell)
  }
}

const orNull = (value = NaN): number | null => (Number.isNaN(value) ? null : value)
