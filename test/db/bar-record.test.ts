import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseBar } from '../../db/bars/record.ts'
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
