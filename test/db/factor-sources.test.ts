import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { factorSources } from '../../db/bars/factor-sources.ts'
import { addDays } from '../../market/date.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

/* Whose factors count is found without the view where that is settled: it has to be the same. */

fc.configureGlobal({ seed: 20_260_318 })

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const day = fc.integer({ min: 0, max: 8 })
const range = fc.tuple(day, fc.integer({ min: 1, max: 8 })).map(([from, length]) => {
  return `[${addDays('2024-01-01', from)},${addDays('2024-01-01', from + length)})`
})
const STOCKS = [101, 102, 103, 104, 105, 106]

const anyCase = fc.record({
  lives: fc.array(fc.record({ list: fc.option(day), length: fc.option(fc.integer({ min: 1, max: 9 })) }), {
    minLength: 6,
    maxLength: 6,
  }),
  // Of the whole market (0) and of each stock.
  coverage: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(0, ...STOCKS, ...STOCKS),
      source: fc.constantFrom('tushare', 'baostock', 'akshare', 'import'),
      ranges: fc.array(range, { minLength: 1, maxLength: 2 }),
    }),
    { selector: ({ id, source }) => `${id} ${source}`, maxLength: 14 },
  ),
  holes: fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...STOCKS), source: fc.constantFrom('tushare', 'baostock') }),
    {
      selector: ({ id, source }) => `${id} ${source}`,
      maxLength: 4,
    },
  ),
  rows: fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...STOCKS), source: fc.constantFrom('tushare', 'baostock') }),
    {
      selector: ({ id, source }) => `${id} ${source}`,
      maxLength: 4,
    },
  ),
})

test('the whole market takes factors from whom the view names', async () => {
  const region = {
    period: 'daily',
    instruments: null,
    from: '2024-01-01',
    to: '2024-01-01',
    asOf: null,
  } as const
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ lives, coverage, holes, rows }) => {
      await empty(db.sql, 'coverage', 'coverage_hole', 'adj_factor', 'instrument_code', 'instrument')
      for (const [i, { list, length }] of lives.entries()) {
        const from = list === null ? null : addDays('2024-01-01', list)
        const to = length === null ? null : addDays('2024-01-01', (list ?? 0) + length)
        await db.sql`insert into instrument (id, board, exchange, list_date, delist_date) overriding system value values (${STOCKS[i] ?? 0}, 'main', 'SSE', ${from}, ${to})`
      }
      for (const { id, source, ranges } of coverage)
        await db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', ${id}, ${source}, ${`{${ranges.join()}}`})`
      for (const { id, source } of holes)
        await db.sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('adj_factor', ${id}, '2024-01-02', ${source}, 'missing')`
      for (const { id, source } of rows)
        await db.sql`insert into adj_factor (instrument_id, trade_date, source, symbol, factor) values (${id}, '2024-01-02', ${source}, '600000.SH', 2)`
      const found =
        await db.sql`select * from (${factorSources(db.sql, region, 'best')}) f order by instrument_id`
      const named = await db.sql`select instrument_id, source from factor_source order by instrument_id`
      expect([...found]).toEqual([...named])
    }),
    { numRuns: 80 },
  )
})
