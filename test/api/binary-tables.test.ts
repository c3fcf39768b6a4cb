import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { writeTable } from '../../api/tables/file.ts'
import { createEncoder, type Format } from '../../api/tables/formats.ts'
import { encodeTable } from '../../api/tables/stream.ts'
import type { Table, TableColumn, TableRow } from '../../api/tables/table.ts'

/* Parquet and Arrow, as other programs read them back. */

const COLUMNS: TableColumn[] = [
  { name: 'symbol', type: 'text' },
  { name: 'day', type: 'date' },
  { name: 'seen', type: 'instant' },
  { name: 'close', type: 'decimal', unit: 'CNY' },
  { name: 'factor', type: 'number' },
  { name: 'volume', type: 'integer', unit: 'shares' },
  { name: 'is_st', type: 'boolean' },
]
const ABOUT = { adjust: 'qfq', anchor: null }

const day = fc
  .integer({ min: -20_000, max: 40_000 })
  .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10))
const instant = fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString())
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const anyRow: fc.Arbitrary<TableRow> = fc.tuple(
  maybe(fc.oneof(fc.constantFrom('600000.SH', '000001.SZ', '平安银行', ''), fc.string())),
  maybe(day),
  maybe(instant),
  maybe(fc.integer().map((n) => (n / 10_000).toFixed(4))),
  maybe(fc.double({ noNaN: true })),
  maybe(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  maybe(fc.boolean()),
)

const tableOf = (lots: readonly (readonly TableRow[])[]): Table => ({
  columns: COLUMNS,
  rows: async function* () {
    yield* lots
  },
})

async function bytesOf(format: Format, lots: readonly (readonly TableRow[])[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of encodeTable(tableOf(lots), await createEncoder(format, COLUMNS, ABOUT)))
    chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** What a reader should find: dates and instants as milliseconds, numbers as numbers. */
const expected = (rows: readonly TableRow[]) =>
  rows.map(([symbol, date, seen, close, factor, volume, isSt]) => [
    symbol,
    date == null ? null : Date.parse(`${String(date)}T00:00:00Z`),
    seen == null ? null : Date.parse(String(seen)),
    close === null ? null : Number(close),
    factor,
    volume === null ? null : BigInt(Number(volume)),
    isSt,
  ])

async function fromParquet(bytes: Uint8Array): Promise<unknown[][]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const rows = await parquetReadObjects({ file })
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : (value ?? null))
  return rows.map((row) => COLUMNS.map(({ name }) => plain(row[name])))
}

function fromArrow(bytes: Uint8Array): unknown[][] {
  const table = tableFromIPC(bytes)
  return Array.from({ length: table.numRows }, (_, i) => {
    const row: Record<string, unknown> = table.get(i)?.toJSON() ?? {}
    return COLUMNS.map(({ name }) => row[name] ?? null)
  })
}

const READERS = { parquet: fromParquet, arrow: fromArrow }

describe.each(['parquet', 'arrow'] as const)('%s', (format) => {
  test('has every value, whatever it is and however the rows come in lots', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyRow, { maxLength: 6 }), { maxLength: 4 }), async (lots) => {
        const found = await READERS[format](await bytesOf(format, lots))
        expect(found).toEqual(expected(lots.flat()))
      }),
      { seed: 20_261_120, numRuns: 60 },
    )
  })

  test('comes in pieces while rows come, each of many rows', async () => {
    const row: TableRow = ['600000.SH', '2024-01-02', null, '10.5000', 1.5, 100, null]
    const lots = Array.from({ length: 40 }, () => Array.from({ length: 1_000 }, () => row))
    const lengths: number[] = []
    const chunks: Uint8Array[] = []
    for await (const chunk of encodeTable(tableOf(lots), await createEncoder(format, COLUMNS, ABOUT))) {
      lengths.push(chunk.length)
      chunks.push(Buffer.from(chunk))
    }
    expect(lengths.length).toBe(3)
    expect((await READERS[format](Buffer.concat(chunks))).length).toBe(40_000)
  })
})

test('Parquet has the types and the units that users rely on', async () => {
  const bytes = await bytesOf('parquet', [[['600000.SH', '2024-01-02', null, '10.5', 1.5, 100, true]]])
  const { schema, key_value_metadata } = parquetMetadata(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
  )
  expect(schema.slice(1).map(({ name, type, converted_type }) => [name, type, converted_type])).toEqual([
    ['symbol', 'BYTE_ARRAY', 'UTF8'],
    ['day', 'INT32', 'DATE'],
    ['seen', 'INT64', 'TIMESTAMP_MILLIS'],
    ['close', 'DOUBLE', undefined],
    ['factor', 'DOUBLE', undefined],
    ['volume', 'INT64', undefined],
    ['is_st', 'BOOLEAN', undefined],
  ])
  expect(JSON.parse(key_value_metadata?.[0]?.value ?? '')).toEqual({
    about: ABOUT,
    units: { close: 'CNY', volume: 'shares' },
  })
})

test('Arrow has dictionaries of texts, and units with the fields', async () => {
  const { schema } = tableFromIPC(await bytesOf('arrow', [[['a', '2024-01-02', null, '1', 1.5, 100, true]]]))
  expect(schema.fields.map(({ name, type }) => `${name} ${String(type)}`)).toEqual([
    'symbol Dictionary<Int32, Utf8>',
    'day Date32<DAY>',
    'seen Timestamp<MILLISECOND, UTC>',
    'close Float64',
    'factor Float64',
    'volume Int64',
    'is_st Bool',
  ])
  expect(schema.fields[5]?.metadata.get('unit')).toBe('shares')
  expect(JSON.parse(schema.metadata.get('ashare-sync') ?? '')).toEqual({ about: ABOUT })
})

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-table-'))
  const path = join(folder, 'table.parquet')

  test('gets the same bytes as an answer, and says how much that was', async () => {
    const lots: TableRow[][] = [
      [['a', '2024-01-02', null, '1', 1.5, 100, true]],
      [[null, null, null, null, null, null, null]],
    ]
    const written = await writeTable(tableOf(lots), path, { format: 'parquet', about: ABOUT })
    expect(readFileSync(path)).toEqual(Buffer.from(await bytesOf('parquet', lots)))
    expect(written).toEqual({ rows: 2, bytes: statSync(path).size })
  })

  test('is not finished when the reading fails or is called off', async () => {
    const broken: Table = {
      columns: COLUMNS,
      rows: async function* () {
        yield [['a', null, null, null, null, null, null]]
        throw new Error('the connection is gone')
      },
    }
    const options = { format: 'csv', about: {} } as const
    await expect(writeTable(broken, path, options)).rejects.toThrow('the connection is gone')
    const signal = AbortSignal.abort()
    await expect(writeTable(tableOf([[]]), path, { ...options, signal })).rejects.toThrow(/abort/i)
    rmSync(folder, { recursive: true })
  })
})
