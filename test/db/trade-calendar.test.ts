import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadCalendar } from '../../db/queries/planning.ts'
import { mergeCalendar } from '../../db/trade-calendar.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const CONTEXT = { source: 'tushare', runId: '00000000-0000-0000-0000-000000000001', job: 'stock_list' }

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql`delete from trade_calendar`
})

const day = (trade_date: string, is_open: boolean, previous_trade_date: string | null = '2023-12-29') => ({
  exchange: 'SSE',
  trade_date,
  is_open,
  previous_trade_date,
})
const merge = (...days: ReturnType<typeof day>[]) => db.sql.begin((tx) => mergeCalendar(tx, days, CONTEXT))

test('the sessions are the open days in order, whatever order they came in', async () => {
  await merge(day('2024-01-03', true), day('2024-01-01', false), day('2024-01-02', true))
  expect((await loadCalendar(db.sql)).sessions).toEqual(['2024-01-02', '2024-01-03'])
})

test('new, changed and equal days are counted apart, and a null takes nothing away', async () => {
  await merge(day('2024-01-01', false), day('2024-01-02', true))
  const counts = await merge(
    day('2024-01-01', false, null),
    day('2024-01-02', false),
    day('2024-01-03', true),
  )
  const [kept] =
    await db.sql`select previous_trade_date as previous from trade_calendar where trade_date = '2024-01-01'`
  expect([counts, kept?.previous]).toEqual([{ inserted: 1, updated: 1, unchanged: 1 }, '2023-12-29'])
})

test('a day that comes twice is one day, as its later row says', async () => {
  expect(await merge(day('2024-01-02', false), day('2024-01-02', true))).toEqual({
    inserted: 1,
    updated: 0,
    unchanged: 0,
  })
  expect((await loadCalendar(db.sql)).length).toBe(1)
})

test('an unchanged calendar writes no row version', async () => {
  const version = () => db.sql`select ctid::text, xmin::text from trade_calendar order by trade_date`
  await merge(day('2024-01-01', false), day('2024-01-02', true))
  const before = await version()
  await merge(day('2024-01-01', false), day('2024-01-02', true))
  expect(await version()).toEqual(before)
})
