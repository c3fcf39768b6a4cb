import { afterAll, beforeAll, expect, test } from 'vitest'
import { gatesOf } from '../../activities/day-gate.ts'
import type { MarketFacts } from '../../activities/run-context.ts'
import type { PlanInstrument } from '../../planning/types.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let instruments: PlanInstrument[]
beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, true, 'tushare' from generate_series('2024-01-02'::date, '2024-01-03', '1 day') d`
  const rows = await db.sql<{ id: number }[]>`
    insert into instrument (board, exchange, list_date) select 'main', 'SSE', '2020-01-02' from generate_series(1, 2) returning id`
  await db.sql`insert into instrument_code ${db.sql(rows.map(({ id }) => ({ code: `${600_000 + id}.SH`, instrument_id: id, source: 'tushare' })))}`
  instruments = rows.map(({ id }) => ({
    id,
    symbol: `${600_000 + id}.SH`,
    listDate: '2020-01-02',
    delistDate: null,
  }))
  await db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
    select id, '2024-01-02', 'daily', 'tushare', 600000 + id || '.SH', 10, 10, 10, 10, 100, 1000 from instrument where id = ${rows[0]?.id ?? 0}`
})
afterAll(() => db.drop())

test('without a source of suspensions a stock that is missing may be suspended, the whole market may not', async () => {
  const market: Pick<MarketFacts, 'servedBy'> = { servedBy: () => instruments }
  const range = { dataset: 'bars', from: '2024-01-02', to: '2024-01-03', exchanges: ['SSE'] } as const
  const statesOf = async (ids: number[] | null) =>
    (await gatesOf(db.sql, market as MarketFacts, { ...range, instruments: ids })).map(({ state }) => state)
  expect(await statesOf(null)).toEqual(['unverified', 'incomplete'])
  expect(await statesOf([instruments[1]?.id ?? 0])).toEqual(['unverified', 'unverified'])
})
