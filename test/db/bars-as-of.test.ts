import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { addCalendar, addStock, barsOf, pick } from './bars-support.ts'
import { barLine, factorLine, merge } from './support.ts'

/* Bars and factors as they were known at a moment: what upstreams corrected later has to be there as it was. */

let db: TestDatabase
let id: number

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(
    db.sql,
    'bars',
    'adj_factor',
    'revision',
    'coverage',
    'trade_calendar',
    'instrument_code',
    'instrument',
  )
  id = await addStock(db.sql, ['600000.SH'])
})

const DAY = '2024-01-02'

/** The moment of now in the database, between what was committed before and what comes after. */
async function now(): Promise<string> {
  const [row] = await db.sql<
    { at: string }[]
  >`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`
  return row?.at ?? ''
}

const bar = (close: number, source = 'tushare', date = DAY) =>
  merge(db, 'bars', [barLine({ id, date, close })], { source })
const factor = (value: number, date = DAY, source = 'tushare') =>
  merge(db, 'adj_factor', [factorLine(id, date, value)], { source })
const cover = (source = 'tushare') =>
  db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', ${id}, ${source}, '{[2024-01-02,2025-01-01)}')`

const closes = async (asOf: string | null, differs = {}) =>
  pick(await barsOf(db.sql, [id], { asOf, ...differs }), 'close').flat()

test('a corrected bar is what it was before the correction, and what it is after', async () => {
  const before = await now()
  await bar(10)
  const first = await now()
  await bar(11)
  const second = await now()
  await bar(12)
  expect([await closes(before), await closes(first), await closes(second), await closes(await now()), await closes(null)]).toEqual([
    [], [10], [11], [12], [12],
  ]) // prettier-ignore
})

test('all of a row is as it was, not its price alone', async () => {
  await merge(db, 'bars', [barLine({ id, date: DAY, close: 10, pre_close: 9, volume: 100 })])
  const first = await now()
  await merge(db, 'bars', [barLine({ id, date: DAY, close: 11, pre_close: 8, volume: 900 })])
  const rows = await barsOf(db.sql, [id], { asOf: first })
  expect(pick(rows, 'open', 'high', 'low', 'close', 'pre_close', 'change', 'volume', 'amount')).toEqual([
    [10, 12, 9, 10, 9, 1, 100, 1000],
  ])
})

test('the very moment of a correction has the corrected bar', async () => {
  await bar(10)
  await bar(11)
  await bar(12)
  const moments = await db.sql<{ at: string }[]>`select known_to as at from revision order by id`
  const [first, second] = moments.map(({ at }) => at)
  expect([await closes(first ?? ''), await closes(second ?? '')]).toEqual([[11], [12]])
})

test('an answer that changes nothing is no correction', async () => {
  await bar(10)
  const first = await now()
  await bar(10)
  expect(await closes(first)).toEqual([10])
})

test('a corrected factor gives the adjusted price of then', async () => {
  await bar(10)
  await factor(2)
  await cover()
  const first = await now()
  await factor(3)
  const adjusted = { adjust: 'hfq' } as const
  expect([await closes(first, adjusted), await closes(null, adjusted)]).toEqual([[20], [30]])
})

test('the very moment of a correction has the corrected factor', async () => {
  await bar(10)
  for (const value of [2, 3, 4]) await factor(value)
  const moments = await db.sql<{ at: string }[]>`select known_to as at from revision order by id`
  const found: unknown[] = []
  for (const { at } of moments) found.push(...(await closes(at, { adjust: 'hfq' })))
  expect(found).toEqual([30, 40])
})

test('a new factor does not move a forward-adjusted series of the past', async () => {
  await bar(10)
  await factor(2)
  await cover()
  const first = await now()
  await factor(4, '2024-01-03')
  const adjusted = { adjust: 'qfq' } as const
  expect([await closes(first, adjusted), await closes(null, adjusted)]).toEqual([[10], [5]])
})

test('a factor that came after the moment was missing then', async () => {
  await bar(10)
  await bar(11, 'tushare', '2024-01-03')
  await factor(2)
  await cover()
  const first = await now()
  await factor(2, '2024-01-03')
  const adjusted = { adjust: 'hfq' } as const
  expect([await closes(first, adjusted), await closes(null, adjusted)]).toEqual([
    [20, null],
    [20, 22],
  ])
})

test('a source with rows on ex-dates only keeps the factor that it had', async () => {
  await bar(10, 'baostock')
  await bar(11, 'baostock', '2024-01-03')
  await factor(2, '2024-01-03', 'baostock')
  await cover('baostock')
  const first = await now()
  await factor(4, '2024-01-03', 'baostock')
  const adjusted = { adjust: 'hfq', source: 'baostock' } as const
  expect([await closes(first, adjusted), await closes(null, adjusted)]).toEqual([
    [10, 22],
    [10, 44],
  ])
})

test('the best bar is the best of those that were there', async () => {
  await bar(10, 'baostock')
  const first = await now()
  await bar(11, 'tushare')
  const best = { source: 'best' } as const
  const rows = await barsOf(db.sql, [id], { ...best, asOf: first })
  expect([pick(rows, 'close', 'source', 'disputed'), await closes(null, best)]).toEqual([
    [[10, 'baostock', false]],
    [11],
  ])
})

test('a day of the whole market is as it was too', async () => {
  await bar(10)
  await factor(2)
  await cover()
  const first = await now()
  await bar(11)
  await factor(3)
  const market = { from: DAY, to: DAY, adjust: 'hfq' } as const
  const close = async (asOf: string | null) => pick(await barsOf(db.sql, null, { ...market, asOf }), 'close')
  expect([await close(first), await close(null)]).toEqual([[[20]], [[33]]])
})

test('raw weeks of the past are made of the days of then', async () => {
  await addCalendar(db.sql)
  await bar(10)
  await bar(11, 'tushare', '2024-01-03')
  const first = await now()
  await bar(12, 'tushare', '2024-01-03')
  const rows = await barsOf(db.sql, [id], { period: 'weekly', asOf: first, settled: '2024-01-04' })
  expect(pick(rows, 'trade_date', 'close', 'volume', 'is_final')).toEqual([['2024-01-05', 11, 200, false]])
})
