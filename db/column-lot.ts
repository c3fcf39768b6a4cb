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
  /** Exact decimals: whole numbers, and how many of their digits are behind the point. NaN stands for null. */
  | { kind: 'scaled'; digits: Float64Array; places: Uint8Array }

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
    case 'scaled':
      return (row) => {
        const digits = orNull(column.digits[row])
        return digits === null ? null : scaledText(digits, column.places[row] ?? 0)
      }
  }
}

const orNull = (value = NaN): number | null => (Number.isNaN(value) ? null : value)

/** 12345 with 2 places: `123.45`. */
export function scaledText(digits: number, places: number): string {
  const text = String(Math.abs(digits)).padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  const size = places === 0 ? whole : `${whole}.${text.slice(text.length - places)}`
  return digits < 0 ? `-${size}` : size
}
