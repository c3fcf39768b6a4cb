import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { csvEncoder, jsonEncoder } from './encoders.ts'
import type { TableAbout, TableColumn, TableEncoder } from './table.ts'

/** What a table may be written as. */
const MEDIA_TYPES = {
  json: 'application/json',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
} as const

export type Format = keyof typeof MEDIA_TYPES
export const FORMATS = Object.keys(MEDIA_TYPES) as [Format, ...Format[]]

/** The format that is asked for by name, else by `Accept`, else JSON. */
export function formatOf(c: Context, named: Format | undefined): Format {
  if (named !== undefined) return named
  const type = accepts(c, {
    header: 'Accept',
    supports: Object.values(MEDIA_TYPES),
    default: MEDIA_TYPES.json,
  })
  return FORMATS.find((format) => MEDIA_TYPES[format] === type) ?? 'json'
}

/** An encoder for one table. The binary ones are loaded when they are needed first: who never asks does without them. */
export async function createEncoder(
  format: Format,
  columns: readonly TableColumn[],
  about: TableAbout,
): Promise<TableEncoder> {
  switch (format) {
    case 'json':
      return jsonEncoder(columns, about)
    case 'csv':
      return csvEncoder(columns)
    case 'parquet':
      return (await import('./parquet.ts')).parquetEncoder(columns, about)
    case 'arrow':
      return (await import('./arrow.ts')).arrowEncoder(columns, about)
  }
}
