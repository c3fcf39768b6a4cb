import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvEncoder, jsonEncoder } from '../../api/tables/encoders.ts'
import { Seats } from '../../api/access/seats.ts'
import { Slots } from '../../api/tables/slots.ts'
import { TextBuffer } from '../../api/tables/text-buffer.ts'
import { streamTable } from '../../api/tables/stream.ts'
import type { Chunk, Table, TableColumn } from '../../api/tables/table.ts'
import { plainDecimal } from '../../market/units.ts'

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

describe('slots', () => {
  test('are given to so many at once, then to the one that waited longest', async () => {
    const slots = new Slots({ count: 1, waitMs: 1_000 })
    const first = await slots.take('a')
    const order: string[] = []
    const second = slots.take('a').then((release) => (order.push('second'), release))
    const third = slots.take('a').then((release) => (order.push('third'), release))
    first?.()
    ;(await second)?.()
    ;(await third)?.()
    expect([order, (await slots.take('a')) !== null]).toEqual([['second', 'third'], true])
  })

  test('are waited for only so long', async () => {
    const slots = new Slots({ count: 1, waitMs: 10 })
    const release = await slots.take('a')
    expect(await slots.take('b')).toBeNull()
    release?.()
    expect(await slots.take('b')).not.toBeNull()
  })

  test('given back twice are one slot', async () => {
    const slots = new Slots({ count: 1, waitMs: 10 })
    const release = await slots.take('a')
    release?.()
    release?.()
    await slots.take('a')
    expect(await slots.take('a')).toBeNull()
  })

  test('are never all one caller’s, and go first to whoever has fewest', async () => {
    const slots = new Slots({ count: 4, waitMs: 1_000 })
    const held = await Promise.all([slots.take('greedy'), slots.take('greedy'), slots.take('greedy')])
    const order: string[] = []
    const take = (who: string) => slots.take(who).then((release) => (order.push(who), release))
    const more = Array.from({ length: 3 }, () => take('greedy'))
    const first = await take('other')
    const second = take('other')
    const third = take('third')
    held[0]?.()
    await third
    expect(order).toEqual(['other', 'third'])
    // Of two who have one each, the one who has waited longer.
    held[1]?.()
    await more[0]
    expect(order.at(-1)).toBe('greedy')
    first?.()
    await second
    expect(order.at(-1)).toBe('other')
  })

  test('are not waited for by more than a few of one caller, nor by those who have left', async () => {
    const slots = new Slots({ count: 1, waitMs: 60_000 })
    const release = await slots.take('a')
    const leaving = Array.from({ length: 20 }, () => new AbortController())
    const waiting = leaving.map(({ signal }) => slots.take('a', signal))
    expect(await slots.take('a')).toBeNull()
    for (const each of leaving) each.abort()
    expect(await Promise.all(waiting)).toEqual(Array<null>(20).fill(null))
    release?.()
    expect(await slots.take('b')).not.toBeNull()
  })
})

describe('seats', () => {
  test('are for everybody until they are taken, then those of the one who has most are shared', () => {
    const seats = new Seats(4)
    const left: string[] = []
    const take = (who: string, name: string) => seats.take(who, () => left.push(name))
    for (const name of ['1', '2', '3', '4']) expect(take('greedy', name)).not.toBeNull()
    expect(take('other', '5')).not.toBeNull()
    expect(take('other', '6')).not.toBeNull()
    expect(left).toEqual(['1', '2'])
    // Two and two: there is nothing left to share out between these, and a third caller gets one.
    expect(take('third', '7')).not.toBeNull()
    expect(left).toEqual(['1', '2', '3'])
  })

  test('that are taken give way to the newest of the same caller, who takes none of the others', () => {
    const seats = new Seats(3)
    const left: string[] = []
    const take = (who: string, name: string) => seats.take(who, () => left.push(name))
    for (const name of ['1', '2', '3']) take('a', name)
    expect(take('a', '4')).not.toBeNull()
    expect(take('b', '5')).not.toBeNull()
    expect(left).toEqual(['1', '2'])
    // The one that has lost its place comes back.
    expect(take('a', '6')).not.toBeNull()
    expect(take('b', '7')).not.toBeNull()
    expect(left).toEqual(['1', '2', '3', '5'])
  })

  test('of which everybody has one are full', () => {
    const seats = new Seats(2)
    const take = (who: string) => seats.take(who, () => undefined)
    expect([take('a'), take('b'), take('c')].map((place) => place !== null)).toEqual([true, true, false])
    expect(take('b')).not.toBeNull()
  })

  test('that were given back are free', () => {
    const seats = new Seats(1)
    seats.take('a', () => undefined)?.()
    expect(seats.take('b', () => undefined)).not.toBeNull()
    expect(seats.take('c', () => undefined)).toBeNull()
  })
})

describe('text that is put together byte by byte', () => {
  test('has numbers as their shortest decimals', () => {
    const decimals = fc.tuple(fc.maxSafeInteger(), fc.nat(12)).map(([n, places]) => n / 10 ** places)
    const anyNumber = fc.oneof(
      fc.double(),
      decimals,
      fc.integer(),
      fc.constantFrom(-0, 1e-7, 1e21, 5e-324, 0.1 + 0.2),
    )
    fc.assert(
      fc.property(anyNumber, (value) => {
        const buffer = new TextBuffer()
        buffer.addNumber(value)
        expect(Buffer.from(buffer.take()).toString()).toBe(plainDecimal(value))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is UTF-8, whatever is added and however much', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('x'.repeat(300_000), '银'.repeat(100_000)),
    )
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 20 }), (texts) => {
        const buffer = new TextBuffer()
        for (const text of texts) buffer.add(text)
        expect(Buffer.from(buffer.take()).equals(Buffer.from(texts.join('')))).toBe(true)
        expect(buffer.take()).toHaveLength(0)
      }),
      { numRuns: 30 },
    )
  })
})
