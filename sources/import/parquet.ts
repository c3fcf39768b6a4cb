import { basename } from 'node:path'
import {
  asyncBufferFromFile,
  type ColumnData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { ImportRefused, wordsOf } from './refused.ts'
import { type Cells, LOT_ROWS, type RowStream } from './row-stream.ts'

type Tidy = (value: unknown) => unknown

interface FlatColumn {
  name: string
  tidy: Tidy
}

// A group is in memory as a whole. Writers make groups of up to a million rows unless they are told otherwise.
const MOST_GROUP_ROWS = 10_000_000

type File = Awaited<ReturnType<typeof asyncBufferFromFile>>

/** A Parquet file; its memory is that of one row group. Nested columns are left out. */
export async function openParquet(path: string): Promise<RowStream> {
  const label = basename(path)
  const { file, metadata } = await openFile(path)
  const columns = parquetSchema(metadata).children.flatMap(({ children, element }): FlatColumn[] =>
    children.length > 0 ? [] : [{ name: element.name, tidy: tidyOf(element) }],
  )
  return {
    label,
    columns: columns.map(({ name }) => name),
    lots: (wanted) =>
      lotsOf(
        label,
        file,
        metadata,
        wanted.flatMap((place) => columns[place] ?? []),
      ),
    close: () => Promise.resolve(),
  }
}

async function openFile(path: string): Promise<{ file: File; metadata: FileMetaData }> {
  const { file, metadata } = await readFoot(path)
  for (const { num_rows } of metadata.row_groups) {
    if (num_rows >= 0 && num_rows <= MOST_GROUP_ROWS) continue
    throw new ImportRefused(
      `${basename(path)} has a row group that says it has ${num_rows} rows, and ${MOST_GROUP_ROWS} are read at most: write it with smaller row groups`,
    )
  }
  return { file, metadata }
}

async function readFoot(path: string): Promise<{ file: File; metadata: FileMetaData }> {
  try {
    const file = await asyncBufferFromFile(path)
    return { file, metadata: await parquetMetadataAsync(file) }
  } catch (error) {
    throw new ImportRefused(
      `${basename(path)} is no whole Parquet file, most likely it was not copied or written to its end: ${wordsOf(error)}`,
    )
  }
}

async function* lotsOf(
  label: string,
  file: File,
  metadata: FileMetaData,
  columns: readonly FlatColumn[],
): AsyncGenerator<Cells[]> {
  let start = 0
  for (const { num_rows } of metadata.row_groups) {
    const end = start + Number(num_rows)
    const values = await readGroup(label, file, metadata, columns, { start, end })
    for (let from = 0; from < end - start; from += LOT_ROWS) {
      const lot: Cells[] = []
      for (let row = from; row < Math.min(from + LOT_ROWS, end - start); row++)
        lot.push(columns.map(({ tidy }, place) => tidy(values[place]?.[row] ?? null)))
      yield lot
    }
    start = end
  }
}

/** The columns of one row group, each as one array: rows as objects would take ten times the memory. */
async function readGroup(
  label: string,
  file: File,
  metadata: FileMetaData,
  columns: readonly FlatColumn[],
  { start, end }: { start: number; end: number },
): Promise<unknown[][]> {
  const place = new Map(columns.map(({ name }, i) => [name, i]))
  const values = columns.map((): unknown[] => new Array<unknown>(end - start))
  const found = columns.map(() => 0)
  const onChunk = ({ columnName, columnData, rowStart }: ColumnData) => {
    const at = place.get(columnName) ?? -1
    const column = values[at]
    if (!column) return
    found[at] = (found[at] ?? 0) + columnData.length
    for (let i = 0; i < columnData.length; i++) column[rowStart - start + i] = columnData[i]
  }
  const names = columns.map(({ name }) => name)
  try {
    await parquetRead({ file, metadata, compressors, columns: names, rowStart: start, rowEnd: end, onChunk })
  } catch (error) {
    throw new ImportRefused(`${label}: rows ${start} to ${end} cannot be read: ${wordsOf(error)}`)
  }
  const short = columns.find((_, at) => (found[at] ?? 0) < end - start)
  if (short)
    throw new ImportRefused(
      `${label}: rows ${start} to ${end} cannot be read: the column ${short.name} has not as many values`,
    )
  return values
}

/** What a number lost or gained on its way: floats of 32 bits hold seven digits, and decimals come as a product. */
function tidyOf(element: { type?: string; converted_type?: string; scale?: number }): Tidy {
  if (element.converted_type === 'DECIMAL') {
    const scale = element.scale ?? 0
    return (value) => (typeof value === 'number' && Number.isFinite(value) ? value.toFixed(scale) : value)
  }
  if (element.type === 'FLOAT')
    return (value) =>
      typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(7)) : value
  return (value) => value
}
