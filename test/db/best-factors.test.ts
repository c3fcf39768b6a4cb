import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { bestFactors } from '../../db/queries/best.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { factorLine, merge } from './support.ts'

let db: TestDatabase
let id: number

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'adj_factor', 'coverage', 'coverage_hole', 'instrument_code', 'instrument')
  const [row] = await db.sql<{ id: number }[]>`
    insert into instrument (board, exchange, list_date) values ('main', 'SSE', '2020-01-02') returning id`
  id = row?.id ?? 0
})

/** A source with one factor and what it covers; without a factor when that is null. */
async function source(name: string, factor: number | null, ranges: string, instrument = id): Promise<void> {
  if (factor !== null) await merge(db, 'adj_factor', [factorLine(id, '2023-06-01', factor)], { source: name })
  await db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', ${instrument}, ${name}, ${ranges})`
}

const hole = (name: string) =>
  db.sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('adj_factor', ${id}, '2023-07-03', ${name}, 'missing')`

const factors = async (to = '2024-06-30') =>
  (await bestFactors(db.sql, { instruments: [id], to })).map((row) => [row.source, Number(row.factor)])

const LIFE = '{[2020-01-02,2024-07-01)}'

test('the best source that covers all that is known of a life has all of its factors', async () => {
  await source('baostock', 1.5, LIFE)
  await source('tushare', 100, LIFE)
  expect([await factors(), await factors('2023-05-31')]).toEqual([[['tushare', 100]], []])
})

test('a source that covers the whole life comes before a better one that covers a part: they never mix', async () => {
  await source('tushare', 100, '{[2022-01-04,2024-07-01)}')
  await source('baostock', 1.5, LIFE)
  await source('akshare', 1.6, LIFE)
  expect(await factors()).toEqual([['baostock', 1.5]])
})

test('where none covers everything, the one that covers most has it', async () => {
  await source('tushare', 100, '{[2022-01-04,2024-07-01)}')
  await source('baostock', 1.5, '{[2020-01-02,2024-06-01)}')
  expect(await factors()).toEqual([['baostock', 1.5]])
})

test('days before the listing and after the delisting do not count', async () => {
  await db.sql`update instrument set delist_date = '2024-01-02'`
  await source('tushare', 100, '{[2020-01-02,2024-01-02)}')
  await source('baostock', 1.5, '{[1990-12-19,2024-07-01)}')
  expect(await factors()).toEqual([['tushare', 100]])
})

test('coverage of the whole market is coverage of each instrument', async () => {
  await source('tushare', 100, '{[2020-01-02,2022-01-01)}')
  await source('tushare', null, '{[2022-01-01,2024-07-01)}', 0)
  await source('baostock', 1.5, LIFE)
  expect(await factors()).toEqual([['tushare', 100]])
})

test('a hole of a day does not change the scale of a history', async () => {
  await source('tushare', 100, LIFE)
  await hole('tushare')
  await source('baostock', 1.5, LIFE)
  expect(await factors()).toEqual([['tushare', 100]])
})

test('a source that was asked and has nothing but holes is not chosen', async () => {
  await source('tushare', null, LIFE)
  await hole('tushare')
  await source('baostock', 1.5, LIFE)
  expect(await factors()).toEqual([['baostock', 1.5]])
})

test('a stock that never had an ex-date has a source, and no factor of another', async () => {
  await source('baostock', null, LIFE)
  await source('tushare', 100, '{[2022-01-04,2024-07-01)}')
  expect([await db.sql`select source from factor_source`, await factors()]).toEqual([
    [{ source: 'baostock' }],
    [],
  ])
})
