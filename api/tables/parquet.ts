import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { ColumnBuffer } from './columns.ts'
import type { TableAbout, TableColumn, TableEncoder } from './table.ts'

// Rows in a group. One is in memory at a time, and is encoded in one go: larger ones keep other requests waiting longer,
// smaller ones repeat their dictionaries more often.
const GROUP_ROWS = 16_384

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema']

/** How a column is stored; all may be null. */
const TYPES: Record<TableColumn['type'], Partial<Schema[number]>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  date: { type: 'INT32', converted_type: 'DATE' },
  instant: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  decimal: { type: 'DOUBLE' },
  number: { type: 'DOUBLE' },
  integer: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
}

/**
 * Apache Parquet: written group by group as rows come, compressed with Snappy. The file's metadata says under
 * `ashare-sync` what it is about, and in which units its columns are.
 */
export function parquetEncoder(columns: readonly TableColumn[], about: TableAbout): TableEncoder {
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...TYPES[type] })),
    ],
    kvMetadata: [{ key: 'ashare-sync', value: JSON.stringify({ about, units: unitsOf(columns) }) }],
    createdBy: 'ashare-sync',
  })
  const buffer = new ColumnBuffer(columns)
  const writeGroup = (): void => {
    const columnData = buffer.take().map(({ column, cells }) => ({ name: column.name, data: cells }))
    void writer.write({ columnData, rowGroupSize: GROUP_ROWS * 2 })
  }
  return {
    contentType: 'application/vnd.apache.parquet',
    head: () => '',
    lot: (rows) => {
      buffer.add(rows)
      if (buffer.count < GROUP_ROWS) return ''
      writeGroup()
      return written(bytes)
    },
    tail: () => {
      if (buffer.count > 0) writeGroup()
      void writer.finish()
      return written(bytes)
    },
  }
}

/** Column → unit, of those that have one. */
const unitsOf = (columns: readonly TableColumn[]): Record<string, string> =>
  Object.fromEntries(columns.flatMap(({ name, unit }) => (unit === undefined ? [] : [[name, unit]])))

/** What has been written since the last time. Positions in the file go on counting. */
function written(bytes: ByteWriter): Uint8Array {
  const chunk = bytes.getBytes().slice()
  bytes.index = 0
  return chunk
}
