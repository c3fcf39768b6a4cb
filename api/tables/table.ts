/*
 * Answers with many rows: columns and lots of rows, whatever they are written as. A new format is one more encoder.
 */

/** Values are text, but for `number`, `integer` and `boolean`; `decimal` is exact. Any may be null. */
export interface TableColumn {
  name: string
  type: 'text' | 'date' | 'decimal' | 'number' | 'integer' | 'boolean'
}

export type TableRow = readonly (string | number | boolean | null)[]

export interface Table {
  columns: readonly TableColumn[]
  rows(): AsyncIterable<readonly TableRow[]>
}

/** Writes rows as text: what comes first, each lot, what comes last. */
export interface TableEncoder {
  contentType: string
  head(): string
  lot(rows: readonly TableRow[]): string
  tail(): string
}
