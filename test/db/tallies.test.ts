import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { markLost } from '../../db/audit/lost.ts'
import { type Tally, tally } from '../../db/audit/tallies.ts'
import { exchangesOf } from '../../market/sources.ts'
import { EXCHANGES } from '../../market/symbol.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
  await empty(db.sql, 'instrument_code', 'instrument')
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d, extract(day from d) <> 4, 'tushare' from generate_series(date '2024-01-01', '2024-01-10', '1 day') d`
})
afterAll(() => db.drop())

// The 4th is no session; the first and the last day lie outside of what is looked at.
const DAYS = Array.from({ length: 10 }, (_, i) => `2024-01-${String(i + 1).padStart(2, '0')}`)
const REGION = { dataset: 'bars', instruments: null, from: '2024-01-02', to: '2024-01-09' } as const
const SESSIONS = DAYS.filter((day) => day >= REGION.from && day <= REGION.to && day !== '2024-01-04')
const SOURCES = ['tushare', 'baostock'] as const
const STOCKS = [1, 2, 3, 4]

const day = fc.constantFrom(...DAYS)
const days = fc.subarray(DAYS)
const someDays = fc.array(fc.record({ id: fc.constantFrom(...STOCKS), days }), { maxLength: 4 })
const market = fc.record({
  stocks: fc.tuple(
    ...STOCKS.map((id) =>
      fc
        .record({
          id: fc.constant(id),
          exchange: fc.constantFrom(...(Object.keys(EXCHANGES) as (keyof typeof EXCHANGES)[])),
          listed: fc.option(day),
          delisted: fc.option(day),
        })
        .filter(({ listed, delisted }) => listed === null || delisted === null || delisted > listed),
    ),
  ),
  // Of stock 0: the whole market that the source serves.
  covered: fc.record({
    tushare: fc.array(fc.record({ id: fc.constantFrom(0, ...STOCKS), days })),
    baostock: fc.array(fc.record({ id: fc.constantFrom(0, ...STOCKS), days })),
  }),
  rows: fc.record({ tushare: someDays, baostock: someDays }),
  suspended: someDays,
  halted: someDays,
})
type Market = typeof market extends fc.Arbitrary<infer T> ? T : never

const pairs = (all: readonly { id: number; days: readonly string[] }[]): [number[], string[]] => {
  const cells = [...new Set(all.flatMap(({ id, days }) => days.map((day) => `${id} ${day}`)))].map((cell) =>
    cell.split(' '),
  )
  return [cells.map(([id]) => Number(id)), cells.map(([, day]) => day ?? '')]
}

async function write({ stocks, covered, rows, suspended, halted }: Market): Promise<void> {
  const { sql } = db
  await empty(sql, 'bars', 'suspension', 'coverage', 'coverage_hole', 'derived_due', 'instrument')
  for (const { id, exchange, listed, delisted } of stocks)
    await sql`insert into instrument (id, kind, board, exchange, list_date, delist_date) overriding system value
      values (${id}, 'stock', 'main', ${exchange}, ${listed}, ${delisted})`
  for (const source of SOURCES) {
    const [ids, dates] = pairs(covered[source])
    await sql`insert into coverage (dataset, instrument_id, source, ranges)
      select 'bars', id, ${source}, range_agg(daterange(d, d, '[]')) from unnest(${ids}::int[], ${dates}::date[]) c(id, d) group by 1, 2`
    const [withRow, on] = pairs(rows[source])
    await sql`insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
      select id, d, 'daily', ${source}, id::text, 1, 1, 1, 1, 1, 1 from unnest(${withRow}::int[], ${on}::date[]) r(id, d)`
  }
  for (const [cells, timing] of [
    [suspended, null],
    [halted, '09:30-10:00'],
  ] as const) {
    const [ids, dates] = pairs(cells)
    await sql`insert into suspension (instrument_id, trade_date, source, suspend_type, symbol, suspend_timing)
      select id, d, s, 'S', id::text, ${timing}::text from unnest(${ids}::int[], ${dates}::date[]) c(id, d), unnest('{tushare,baostock}'::text[]) s
      on conflict do nothing`
  }
}

const has = (all: readonly { id: number; days: readonly string[] }[], of: number, day: string): boolean =>
  all.some(({ id, days }) => id === of && days.includes(day))

/** Cell by cell. */
function expected({ stocks, covered, rows, suspended }: Market) {
  const isCovered = (
    source: (typeof SOURCES)[number],
    stock: Market['stocks'][number],
    day: string,
  ): boolean =>
    has(covered[source], stock.id, day) ||
    (exchangesOf(source).includes(stock.exchange) && has(covered[source], 0, day))
  return SOURCES.flatMap((source) => {
    const lost = stocks.flatMap((stock) =>
      SESSIONS.filter(
        (day) =>
          isCovered(source, stock, day) &&
          day >= (stock.listed ?? '') &&
          (stock.delisted === null || day < stock.delisted) &&
          !has(suspended, stock.id, day) &&
          !has(rows[source], stock.id, day),
      ).map((day) => ({ id: stock.id, day })),
    )
    const uncovered = stocks.flatMap((stock) =>
      DAYS.filter(
        (day) =>
          day >= REGION.from &&
          day <= REGION.to &&
          has(rows[source], stock.id, day) &&
          !isCovered(source, stock, day),
      ),
    )
    return { source, lost, uncovered: uncovered.length }
  })
}

test('what is counted instrument by instrument is what is found cell by cell, whatever is listed, covered, suspended and there', async () => {
  await fc.assert(
    fc.asyncProperty(market, async (market) => {
      await write(market)
      const truth = expected(market)
      const found = new Map(
        (await db.sql.begin((tx) => tally(tx, REGION))).map((each) => [each.source, each]),
      )
      const { findings } = await markLost(db.sql, REGION)
      for (const { source, lost, uncovered } of truth) {
        const { lacking, uncovered: others }: Tally = found.get(source) ?? {
          source,
          lacking: [],
          uncovered: 0,
        }
        expect([others, lacking.toSorted()]).toEqual([uncovered, [...new Set(lost.map(({ id }) => id))]])
        const marked =
          findings.find((finding) => finding.source === source)?.lost ?? new Map<string, number>()
        expect([...marked].toSorted()).toEqual(
          SESSIONS.flatMap((day) => {
            const n = lost.filter((cell) => cell.day === day).length
            return n > 0 ? [[day, n]] : []
          }),
        )
      }
    }),
    { numRuns: 60 },
  )
})
