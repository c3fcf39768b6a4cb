import {
  AsyncByteQueue,
  Bool,
  type Data,
  DateDay,
  Dictionary,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
  Vector,
} from 'apache-arrow'
import { type Cell, ColumnBuffer } from './columns.ts'
import type { TableAbout, TableColumn, TableEncoder } from './table.ts'

// Rows in a batch: each carries the texts that occur in it as a dictionary.
const BATCH_ROWS = 16_384

/**
 * Apache Arrow, as a stream of record batches. Texts are dictionaries. The schema's metadata says under `ashare-sync` what
 * it is about, and that of a field its unit.
 */
export function arrowEncoder(columns: readonly TableColumn[], about: TableAbout): TableEncoder {
  const makers = columns.map((column, at) => ({ column, ...makerOf(column, at) }))
  const fields = makers.map(
    ({ column: { name, unit }, type }) =>
      new Field(name, type, true, unit === undefined ? null : new Map([['unit', unit]])),
  )
  const schema = new Schema(fields, new Map([['ashare-sync', JSON.stringify({ about })]]))
  const sink = new Sink()
  const writer = new RecordBatchStreamWriter()
  const buffer = new ColumnBuffer(columns)
  const writeBatch = (): void => {
    const length = buffer.count
    const children = buffer.take().map(({ cells }, at) => makers[at]?.make(cells))
    const data = makeData({
      type: new Struct(fields),
      length,
      nullCount: 0,
      children: children as Data[],
    })
    writer.write(new RecordBatch(schema, data))
  }
  return {
    contentType: 'application/vnd.apache.arrow.stream',
    head: () => {
      writer.reset(sink, schema)
      return sink.take()
    },
    lot: (rows) => {
      buffer.add(rows)
      if (buffer.count < BATCH_ROWS) return ''
      writeBatch()
      return sink.take()
    },
    tail: () => {
      if (buffer.count > 0) writeBatch()
      writer.finish()
      return sink.take()
    },
  }
}

/** Keeps what is written until it is taken. */
class Sink extends AsyncByteQueue {
  #chunks: Uint8Array[] = []

  override write(chunk: Uint8Array): void {
    // The writer uses some of its arrays again.
    this.#chunks.push(chunk.slice())
  }

  take(): Uint8Array {
    const all = Buffer.concat(this.#chunks)
    this.#chunks = []
    return all
  }
}

interface Maker {
  type: DataType
  make(cells: readonly Cell[]): Data
}

function makerOf({ type }: TableColumn, id: number): Maker {
  switch (type) {
    case 'date':
      return fixed(new DateDay(), Int32Array)
    case 'instant':
      return fixed(new TimestampMillisecond('UTC'), BigInt64Array)
    case 'integer':
      return fixed(new Int64(), BigInt64Array)
    case 'decimal':
    case 'number':
      return fixed(new Float64(), Float64Array)
    case 'boolean':
      return booleans()
    case 'text':
    case 'json':
      return texts(id)
  }
}

type Numbers = Int32Array | BigInt64Array | Float64Array

function fixed(type: DataType, Values: new (length: number) => Numbers): Maker {
  return {
    type,
    make: (cells) => {
      const data = new Values(cells.length)
      for (const [i, cell] of cells.entries()) if (cell !== null) data[i] = cell as never
      return makeData({ type, length: cells.length, data, ...nullsOf(cells) } as never)
    },
  }
}

function booleans(): Maker {
  const type = new Bool()
  return {
    type,
    make: (cells) => {
      const data = bitmap(cells, (cell) => cell === true)
      return makeData({ type, length: cells.length, data, ...nullsOf(cells) })
    },
  }
}

function texts(id: number): Maker {
  const type = new Dictionary(new Utf8(), new Int32(), id)
  return {
    type,
    make: (cells) => {
      const places = new Map<Cell, number>()
      const data = new Int32Array(cells.length)
      for (const [i, cell] of cells.entries()) {
        if (cell === null) continue
        const place = places.get(cell) ?? places.size
        places.set(cell, place)
        data[i] = place
      }
      const dictionary = new Vector([utf8([...places.keys()].map(String))])
      return makeData({ type, length: cells.length, data, dictionary, ...nullsOf(cells) })
    },
  }
}

function utf8(values: readonly string[]): Data<Utf8> {
  const data = Buffer.from(values.join(''))
  const valueOffsets = new Int32Array(values.length + 1)
  for (const [i, value] of values.entries())
    valueOffsets[i + 1] = (valueOffsets[i] ?? 0) + Buffer.byteLength(value)
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data })
}

/** Which cells are there; nothing where all are. */
function nullsOf(cells: readonly Cell[]): { nullCount: number; nullBitmap?: Uint8Array } {
  let nullCount = 0
  for (const cell of cells) if (cell === null) nullCount++
  if (nullCount === 0) return { nullCount }
  return { nullCount, nullBitmap: bitmap(cells, (cell) => cell !== null) }
}

function bitmap(cells: readonly Cell[], isSet: (cell: Cell) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(cells.length / 8))
  for (const [i, cell] of cells.entries())
    if (isSet(cell)) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7))
  return bits
}
