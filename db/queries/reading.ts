import type { DataColumn } from '../bars/columns.ts'

/** Values in the order of the columns, of the types that these name. */
export type Row = (string | number | boolean | null)[]

/** An answer with rows. */
export interface Reading {
  columns: readonly DataColumn[]
  /** Changes with every write to what the answer is made of, and only with that. */
  version: string
  /** Reads the rows in lots. Holds a connection of the pool until the last lot, or until it is left. */
  rows(): AsyncGenerator<Row[]>
}
