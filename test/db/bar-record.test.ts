import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adjustedLines, barsOf } from '../../db/bars/lines.ts'
import { parseBar } from '../../db/bars/record.ts'
import { adjustedRows, type BarRow, type RowOptions } from '../../db/bars/rows.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const decimal = fc
  .tuple(fc.integer(), fc.integer({ min: 0, max: 9_999 }))
  .map(([a, b]) => `${a}.${String(b).padStart(4, '0')}`)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const bar = fc.tuple(
  fc.tuple(fc.integer({ min: 1, max: 9_999 }), fc.constantFrom('1990-12-19', '2024-02-29')),
  fc.tuple(decimal, decimal, decimal, decimal, maybe(decimal), maybe(decimal), maybe(decimal)),
  fc.tuple(fc.integer({ min: 0 }), decimal, maybe(fc.boolean())),
  fc.tuple(
    fc.oneof(fc.constantFrom('tushare', 'a, "b"', 'my file', '(x)'), fc.string({ minLength: 1 })),
    fc.boolean(),
  ),
)

test('a row is the same after PostgreSQL wrote it as text', async () => {
  await fc.assert(
    fc.asyncProperty(bar, maybe(fc.constantFrom('2024-01-01')), async (parts, start) => {
      const [[id, date], prices, [volume, amount, isSt], [source, disputed]] = parts
      const [open, high, low, close, preClose, change, pctChg] = prices
      const values = [id, date, ...prices, volume, amount, isSt, source, disputed] as const
      const [row] = await db.sql<{ day: string; week: string }[]>`
        with b as (select ${id}::int as id, ${date}::date as d, ${open}::numeric as o, ${high}::numeric as h, ${low}::numeric as l,
          ${close}::numeric as c, ${preClose}::numeric as p, ${change}::numeric as ch, ${pctChg}::numeric as pct, ${volume}::bigint as v,
          ${amount}::numeric as a, ${isSt}::boolean as st, ${source}::text as s, ${disputed}::boolean as x)
        select row(id, d, o, h, l, c, p, ch, pct, v, a, st, s, x)::text as day,
          row(id, d, o, h, l, c, p, ch, pct, v, a, st, s, x, ${start}::date, true)::text as week from b`
      expect(parseBar(row?.day ?? '')).toEqual(values)
      expect(parseBar(row?.week ?? '')).toEqual([...values, start, true])
    }),
    { seed: 20_261_120, numRuns: 100 },
  )
})

const price = fc.oneof(
  decimal,
  fc.constantFrom(
    '0',
    '0.0001',
    '-12.5',
    '123456789012345678.25',
    '9007199254740993',
    '0.000000000000000000000001',
  ),
)
const day = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom('1990-12-19', '1999-06-01', '1999-06-02', '2024-02-29'),
  fc.tuple(price, price, price, price, maybe(price), maybe(price)),
  fc.tuple(fc.integer({ min: 0 }), decimal, maybe(fc.boolean())),
)
const OPTIONS: RowOptions = {
  period: 'daily',
  source: 'best',
  adjust: 'qfq',
  decimals: 8,
  symbols: new Map([[1, '600001.SH']]),
  scales: new Map([
    [
      1,
      {
        id: 1,
        source: 'tushare',
        steps: [
          { from: '0001-01-01', factor: null },
          { from: '1999-06-01', factor: '1.5' },
          { from: '1999-06-02', factor: '1.7321' },
        ],
        anchor: '2.25',
      },
    ],
    [2, { id: 2, source: 'baostock', steps: [{ from: '0001-01-01', factor: '3' }], anchor: null }],
  ]),
}

async function all(lots: AsyncIterable<BarRow[]>): Promise<BarRow[]> {
  const rows: BarRow[] = []
  for await (const lot of lots) rows.push(...lot)
  return rows
}

test('adjusted rows are the same whether they are read from the characters or from bars', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(day, { maxLength: 8 }), fc.constantFrom('qfq', 'hfq'), async (days, adjust) => {
      const lines = new Map<number, string>()
      const byDate = days.toSorted(([, a], [, b]) => (a < b ? -1 : 1))
      for (const [id, date, prices, [volume, amount, isSt]] of byDate) {
        const [open, high, low, close, preClose, pctChg] = prices
        const cells = [date, open, high, low, close, preClose, null, pctChg, volume, amount, isSt]
        lines.set(id, `${lines.get(id) ?? ''}${cells.map((cell) => cell ?? '').join()}\n`)
      }
      const options: RowOptions = { ...OPTIONS, adjust }
      const bars = { source: 'tushare', lines }
      const rows = await all(adjustedLines(bars, options))
      expect(rows).toEqual(await all(adjustedRows(barsOf(bars), options)))
      expect(rows).toHaveLength(days.length)
    }),
    { seed: 20_261_120, numRuns: 500 },
  )
})
