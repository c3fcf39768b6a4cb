import type { TableColumn, TableRow } from './table.ts'

type Value = TableRow[number]

/** A value as the binary formats hold it: dates as days and instants as milliseconds since 1970, decimals as doubles. */
export type Cell = string | number | bigint | boolean | null

const DAY_MS = 86_400_000

/** Rows turned into columns, until they are taken as a group. */
export class ColumnBuffer {
  readonly #columns: readonly TableColumn[]
  readonly #read: readonly ((value: Value) => Cell)[]
  #cells: Cell[][] = []
  count = 0

  constructor(columns: readonly TableColumn[]) {
    this.#columns = columns
    this.#read = columns.map(reader)
    this.#clear()
  }

  add(rows: readonly TableRow[]): void {
    for (const [at, read] of this.#read.entries()) {
      const cells = this.#cells[at] ?? []
      for (const row of rows) {
        const value = row[at] ?? null
        cells.push(value === null ? null : read(value))
      }
    }
    this.count += rows.length
  }

  /** Columns with their cells; the buffer is empty afterwards. */
  take(): { column: TableColumn; cells: Cell[] }[] {
    const group = this.#columns.map((column, at) => ({ column, cells: this.#cells[at] ?? [] }))
    this.#clear()
    return group
  }

  #clear(): void {
    this.#cells = this.#columns.map(() => [])
    this.count = 0
  }
}

function reader({ type }: TableColumn): (value: Value) => Cell {
  switch (type) {
    case 'date':
      return daysOf()
    case 'instant':
      return (value) => BigInt(Date.parse(String(value)))
    case 'integer':
      return (value) => BigInt(Number(value))
    case 'decimal':
    case 'number':
      return Number
    case 'boolean':
      return Boolean
    case 'text':
    case 'json':
      return String
  }
}

/** Dates → days since 1970. The same ones come with every stock. */
function daysOf(): (value: Value) => number {
  const known = new Map<Value, number>()
  return (value) => {
    const found = known.get(value) ?? Date.parse(`${String(value)}T00:00:00Z`) / DAY_MS
    known.set(value, found)
    return found
  }
}
