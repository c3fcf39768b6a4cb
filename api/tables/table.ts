import type { ColumnLot } from '../../db/column-lot.ts'

/*
 * Answers with many rows: columns and lots of rows, whatever they are written as. A new format is one more encoder.
 */

/**
 * Values are text, but for `number`, `integer` and `boolean`; `decimal` is exact, `date` YYYY-MM-DD, `instant` ISO 8601 in
 * UTC and `json` the text of a value. Any may be null.
 */
export interface TableColumn {
  name: string
  type: 'text' | 'date' | 'instant' | 'decimal' | 'number' | 'integer' | 'boolean' | 'json'
  /** What its numbers are counted in, e.g. `CNY`. */
  unit?: string
}

export type TableRow = readonly (string | number | boolean | null)[]

export interface Table {
  columns: readonly TableColumn[]
  rows(): AsyncIterable<readonly TableRow[]>
  /** The same rows column by column, where they can be had so with less work. */
  lots?: (() => AsyncIterable<ColumnLot>) | null
}

/** What a table is about: said before or beside its rows. */
export type TableAbout = Readonly<Record<string, TableRow[number]>>

/** A piece of an answer; any may be empty. */
export type Chunk = string | Uint8Array

/** Writes rows: what comes first, each lot, what comes last. Lots are kept back until there is enough for a piece worth sending. */
export interface TableEncoder<T extends Chunk = Chunk> {
  contentType: string
  head(): T
  lot(rows: readonly TableRow[]): T
  /** Rows column by column, where the format gains by it. */
  columnLot?(lot: ColumnLot): T
  tail(): T
}
