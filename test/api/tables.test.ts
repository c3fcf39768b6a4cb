import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvEncoder, jsonEncoder } from '../../api/tables/encoders.ts'
import { streamTable } from '../../api/tables/stream.ts'
import type { Chunk, Table, TableColumn } from '../../api/tables/table.ts'

fc.configureGlobal({ seed: 20_261_120 })

const COLUMNS: TableColumn[] = [
  { name: 'name', type: 'text' },
  { name: 'price', type: 'decimal' },
  { name: 'computed', type: 'number' },
  { name: 'count', type: 'integer' },
  { name: 'flag', type: 'boolean' },
]

const anyRow = fc.tuple(
  fc.option(
    fc.oneof(
      fc.string(),
      fc.constantFrom('a,b', 'say "no"', 'two\r\nlines', '', '平安银行', 'A股 \u{20bb7}野家'),
    ),
  ),
  fc.option(fc.integer().map((n) => String(n / 10_000))),
  fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)),
  fc.option(fc.integer()),
  fc.option(fc.boolean()),
)

const textOfChunks = (...chunks: Chunk[]): string =>
  Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString()

describe('JSON', () => {
  test('is what any parser reads back, however the rows come in lots', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyRow, { maxLength: 4 }), { maxLength: 4 }), (lots) => {
        const encoder = jsonEncoder(COLUMNS, { adjust: 'qfq', anchor: null })
        const text = textOfChunks(encoder.head(), ...lots.map((lot) => encoder.lot(lot)), encoder.tail())
        const rows = lots.flat().map(([name, price, ...rest]) => {
          const values = [name, price == null ? null : Number(price), ...rest]
          return Object.fromEntries(COLUMNS.map((column, i) => [column.name, values[i]]))
        })
        expect(JSON.parse(text)).toEqual({ adjust: 'qfq', anchor: null, data: rows, count: rows.length })
      }),
    )
  })

  test('without anything to say before the rows is an object all the same', () => {
    const encoder = jsonEncoder(COLUMNS, {})
    expect(JSON.parse(textOfChunks(encoder.head(), encoder.tail()))).toEqual({ data: [], count: 0 })
  })
})

describe('CSV', () => {
  test('quotes what would break a line, and leaves null empty', () => {
    const encoder = csvEncoder(COLUMNS)
    const lot = encoder.lot([
      ['a,"b"', '12.3400', 0.0000001, 5, true],
      [null, null, null, null, null],
    ])
    expect(textOfChunks(encoder.head(), lot)).toBe(
      'name,price,computed,count,flag\r\n"a,""b""",12.3400,0.0000001,5,true\r\n,,,,\r\n',
    )
  })
})

/** A table of `lots` lots of one row; counts how many were read, and whether it was left properly. */
function countedTable(lots: number, failAt = Infinity) {
  const state = { read: 0, isClosed: false }
  const table: Table = {
    columns: COLUMNS.slice(0, 1),
    rows: async function* () {
      try {
        for (; state.read < lots; state.read++) {
          if (state.read === failAt) throw new Error('the connection is gone')
          yield [[`row ${state.read}`]]
        }
      } finally {
        state.isClosed = true
      }
    },
  }
  return { table, state }
}

async function open(lots: number, options: { failAt?: number; patienceMs?: number } = {}) {
  const { table, state } = countedTable(lots, options.failAt)
  const closing = new AbortController()
  const ends: unknown[] = []
  const { patienceMs } = options
  const stream = await streamTable(table, csvEncoder(table.columns), {
    closing: closing.signal,
    onEnd: (error) => ends.push(error),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  })
  return { stream, state, closing, ends }
}

const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text()

describe('a stream', () => {
  test('has everything, and ends once', async () => {
    const { stream, state, ends } = await open(3)
    expect(await textOf(stream)).toBe('name\r\nrow 0\r\nrow 1\r\nrow 2\r\n')
    expect([state.isClosed, ends]).toEqual([true, [null]])
  })

  test('reads no more than its reader takes, and a little ahead', async () => {
    const { stream, state } = await open(1_000)
    const reader = stream.getReader()
    for (let i = 0; i < 10; i++) await reader.read()
    expect(state.read).toBeLessThan(14)
    await reader.cancel()
  })

  test('that is left gives back what it holds', async () => {
    const { stream, state, ends } = await open(1_000)
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel()
    expect([state.isClosed, ends]).toEqual([true, [null]])
  })

  test('whose table cannot be read from the start is an error before it is an answer', async () => {
    const { table } = countedTable(3, 0)
    const ends: unknown[] = []
    const opened = streamTable(table, csvEncoder(table.columns), {
      closing: new AbortController().signal,
      onEnd: (error) => ends.push(error),
    })
    await expect(opened).rejects.toThrow('the connection is gone')
    expect(ends).toHaveLength(1)
  })

  test('that breaks in the middle is seen by its reader', async () => {
    const { stream, ends } = await open(1_000, { failAt: 500 })
    await expect(textOf(stream)).rejects.toThrow('the connection is gone')
    expect(ends).toMatchObject([{ message: 'the connection is gone' }])
  })

  test('nobody takes from is broken off', async () => {
    const { stream, state, ends } = await open(1_000, { patienceMs: 20 })
    const reader = stream.getReader()
    await reader.read()
    await expect.poll(() => state.isClosed).toBe(true)
    await expect(textOfReader(reader)).rejects.toThrow('the reader takes less than 32 KB a second')
    expect(ends).toHaveLength(1)
  })

  test('that is taken from a little at a time is broken off, whatever was taken', async () => {
    const { stream, state } = await open(100_000, { patienceMs: 60 })
    const reader = stream.getReader()
    const slowly = async (): Promise<void> => {
      for (;;) {
        await reader.read()
        await sleep(20)
      }
    }
    // Each wait is a third of what may be lost, and a row earns next to nothing.
    await expect(slowly()).rejects.toThrow('the reader takes less than 32 KB a second')
    expect(state.read).toBeLessThan(20)
  })

  test('whose rows are long in coming is not its reader’s fault', async () => {
    const table: Table = {
      columns: COLUMNS.slice(0, 1),
      rows: async function* () {
        for (let i = 0; i < 5; i++) {
          await sleep(30)
          yield [[`row ${i}`]]
        }
      },
    }
    const options = { closing: new AbortController().signal, onEnd: () => undefined, patienceMs: 40 }
    const stream = await streamTable(table, csvEncoder(table.columns), options)
    expect(await textOf(stream)).toContain('row 4')
  })

  test('is broken off when the service ends', async () => {
    const { stream, state, closing } = await open(1_000)
    const reader = stream.getReader()
    await reader.read()
    closing.abort()
    await expect.poll(() => state.isClosed).toBe(true)
    await expect(textOfReader(reader)).rejects.toThrow('is ending')
  })

  test('of a service that has ended already is broken off as well', async () => {
    const { table, state } = countedTable(3)
    const closing = AbortSignal.abort()
    const stream = await streamTable(table, csvEncoder(table.columns), { closing, onEnd: () => undefined })
    await expect(textOf(stream)).rejects.toThrow('is ending')
    await expect.poll(() => state.isClosed).toBe(true)
  })
})

async function textOfReader(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
