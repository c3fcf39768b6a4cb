import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type NewFailure, recordFailures } from '../../db/queries/failures.ts'
import { settleFailures } from '../../db/settle-failures.ts'
import type { Region } from '../../planning/types.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/* Which failures are resolved by what has come since, for each kind of dataset. */

const RUN = '00000000-0000-0000-0000-000000000001'
const NOW = new Date('2026-11-22T12:00:00Z')

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`insert into instrument (id, board, exchange, list_date) overriding system value values
    (101, 'main', 'SSE', '2020-01-02'), (102, 'main', 'SSE', '2020-01-02'), (103, 'bse', 'BSE', '2020-01-02'), (104, 'main', 'SSE', '2026-11-12')`
  await db.sql`insert into instrument_code (code, instrument_id, source)
    values ('600101.SH', 101, 'tushare'), ('600102.SH', 102, 'tushare'), ('920103.BJ', 103, 'tushare'), ('600104.SH', 104, 'tushare')`
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, extract(isodow from d) < 6, 'tushare' from generate_series(date '2026-01-01', date '2026-12-31', interval '1 day') d`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql`truncate sync_failure, coverage, coverage_hole`
})

const FROM = '2026-11-02'
const TO = '2026-11-13'

const failed = (differs: Partial<NewFailure>) =>
  recordFailures(db.sql, {
    job: 'daily_history',
    dataset: 'bars',
    source: 'tushare',
    symbols: [{ id: 101, symbol: '600101.SH' }],
    from: FROM,
    to: TO,
    errorClass: 'BadRequest',
    message: 'refused',
    runId: RUN,
    maxRetries: 3,
    ...differs,
  })
const givenUp = (dataset: string, region: Region) =>
  failed({ dataset, symbols: [{ id: null, symbol: null }], region })

/** @param dates from the first to, not including, the last one */
const covered = (dataset: string, instrument: number, source: string, ...dates: [string, string][]) =>
  db.sql`insert into coverage (dataset, instrument_id, source, ranges)
    values (${dataset}, ${instrument}, ${source}, ${`{${dates.map(([from, until]) => `[${from},${until})`).join(',')}}`}::datemultirange)`
const settled = () => settleFailures(db.sql, RUN, NOW)

const whole: [string, string] = [FROM, '2026-11-14']
const firstWeek: [string, string] = [FROM, '2026-11-09']
const secondWeek: [string, string] = ['2026-11-09', '2026-11-14']

test('a symbol is settled by what several sources and answers have brought of it together', async () => {
  await failed({})
  await covered('bars', 101, 'tushare', firstWeek)
  expect(await settled()).toBe(0)
  await covered('bars', 101, 'baostock', ['2026-11-09', '2026-11-11'], ['2026-11-11', '2026-11-14'])
  expect(await settled()).toBe(1)
  const [row] = await db.sql`select resolved_by, resolved_at is not null as resolved from sync_failure`
  expect(row).toEqual({ resolved_by: RUN, resolved: true })
})

test('a hole keeps it open, unless the cell is absent upstream', async () => {
  await failed({})
  await covered('bars', 101, 'tushare', whole)
  await db.sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('bars', 101, '2026-11-05', 'tushare', 'missing')`
  expect(await settled()).toBe(0)
  await db.sql`update coverage_hole set reason = 'absent_upstream'`
  expect(await settled()).toBe(1)
})

test('factors of two sources do not add up', async () => {
  await failed({ dataset: 'adj_factor' })
  await covered('adj_factor', 101, 'tushare', firstWeek)
  await covered('adj_factor', 101, 'baostock', secondWeek)
  expect(await settled()).toBe(0)
  await db.sql`update coverage set ranges = '{[2026-11-02,2026-11-14)}' where source = 'baostock'`
  expect(await settled()).toBe(1)
})

test('a valuation is not settled by a source that has less of it', async () => {
  await failed({ dataset: 'daily_basic' })
  await covered('daily_basic', 101, 'baostock', whole)
  expect(await settled()).toBe(0)
  await covered('daily_basic', 101, 'tushare', whole)
  expect(await settled()).toBe(1)
})

test('days of the market are settled once every stock that was listed then has them', async () => {
  await givenUp('bars', { kind: 'market', dates: ['2026-11-12', '2026-11-11'] })
  // BaoStock does not have Beijing.
  await covered('bars', 0, 'baostock', whole)
  expect(await settled()).toBe(0)
  await covered('bars', 103, 'tushare', ['2026-11-11', '2026-11-13'])
  expect(await settled()).toBe(1)
  await givenUp('bars', { kind: 'market', dates: ['2026-11-12'], exchanges: ['SSE'] })
  expect(await settled()).toBe(1)
})

test('a batch that was given up is settled once all of its cells have come', async () => {
  const items = [101, 102].map((id) => ({ id, from: FROM, to: TO }))
  await givenUp('bars', { kind: 'symbols', from: FROM, to: TO, items })
  await covered('bars', 101, 'tushare', whole)
  expect(await settled()).toBe(0)
  await covered('bars', 102, 'tushare', whole)
  expect(await settled()).toBe(1)
})

test('days of events and of announcements are settled by an answer about all of them', async () => {
  await givenUp('suspension', { kind: 'range', from: FROM, to: TO })
  await givenUp('income', { kind: 'range', from: FROM, to: TO })
  await covered('suspension', 0, 'tushare', firstWeek)
  await covered('income', 0, 'tushare', whole)
  expect(await settled()).toBe(0)
  await db.sql`update coverage set ranges = '{[2026-11-01,2026-12-01)}' where dataset = 'suspension'`
  expect(await settled()).toBe(1)
  await covered('income', -1, 'tushare', whole)
  expect(await settled()).toBe(1)
})

test('what nobody can know stays open: unknown symbols, and batches whose region was not kept', async () => {
  await db.sql`insert into instrument (id, board, exchange, stub) overriding system value values (199, 'main', 'SSE', true) on conflict do nothing`
  await db.sql`insert into instrument_code (code, instrument_id, source) values ('600199.SH', 199, 'request') on conflict do nothing`
  await failed({ source: 'any', symbols: [{ id: 199, symbol: '600199.SH' }], from: null, to: null })
  await failed({ symbols: [{ id: null, symbol: null }] })
  await covered('bars', 0, 'tushare', ['2020-01-01', '2026-12-01'])
  expect(await settled()).toBe(0)
  await db.sql`update instrument set stub = false where id = 199`
  expect(await settled()).toBe(1)
})
