import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { closedPeriods } from '../../db/scope/closed-periods.ts'
import type { LongPeriod } from '../../market/bar-periods.ts'
import type { RunParams } from '../../market/run-params.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import { TUSHARE_CAPABILITIES } from '../../market/tushare.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

/*
 * One stock, and a calendar of Monday to Friday up to the end of 2023; the days of 2024 come where a test says so.
 */

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`insert into instrument (id, board, exchange, list_date) overriding system value values (101, 'main', 'SSE', '2020-01-02')`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'trade_calendar', 'bars', 'coverage', 'coverage_hole')
  await calendar('2023-01-02', '2023-12-31')
})

const calendar = (from: string, to: string) => db.sql`
  insert into trade_calendar (exchange, trade_date, is_open, source)
  select 'SSE', d::date, extract(isodow from d) < 6 and d::date <> '2024-01-01', 'tushare'
  from generate_series(${from}::date, ${to}::date, interval '1 day') d`

const cover = (until: string) => db.sql`
  insert into coverage (dataset, instrument_id, source, ranges)
  values ('bars', 101, 'tushare', datemultirange(daterange('2020-01-02', ${until}::date)))
  on conflict (dataset, instrument_id, source) do update set ranges = excluded.ranges`

const bar = (period: string, date: string, isFinal = true, source = 'tushare') => db.sql`
  insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount, is_final)
  values (101, ${date}, ${period}, ${source}, '600000.SH', 1, 1, 1, 1, 1, 1, ${isFinal})`

const due = async (period: LongPeriod, at: string, params: RunParams = {}) => {
  const resolved = await closedPeriods(
    {
      sql: db.sql,
      sources: new Map([['tushare', { capabilities: TUSHARE_CAPABILITIES }]]),
      settings: RUN_DEFAULTS,
      now: () => new Date(`${at}+08:00`),
    },
    period,
    params,
  )
  const { start_date = '', end_date = '' } = resolved.params
  return start_date > end_date ? resolved.notes.join() : [start_date, end_date]
}

describe('what is due', () => {
  test('on Saturday at one it is the week of Friday; on Friday before the ready time it is not', async () => {
    await cover('2023-12-18')
    expect(await due('weekly', '2023-12-22T16:59')).toBe(
      'nothing is due: every week up to 2023-12-15 is complete',
    )
    expect(await due('weekly', '2023-12-23T01:00')).toEqual(['2023-12-18', '2023-12-22'])
  })

  test('on the first of January it is December, whose last day was a Friday', async () => {
    await cover('2023-12-01')
    expect(await due('monthly', '2023-12-29T16:59')).toBe(
      'nothing is due: every month up to 2023-11-30 is complete',
    )
    expect(await due('monthly', '2024-01-01T01:00')).toEqual(['2023-12-01', '2023-12-29'])
  })

  test('a week that reaches beyond the calendar is not closed until the calendar goes on', async () => {
    await db.sql`delete from trade_calendar where trade_date > '2023-12-20'`
    await cover('2023-12-18')
    expect(await due('weekly', '2023-12-25T01:00')).toBe(
      'nothing is due: every week up to 2023-12-15 is complete',
    )
  })

  test('everything from the first week that is not complete on', async () => {
    await cover('2023-12-08')
    expect(await due('weekly', '2023-12-23T01:00')).toEqual(['2023-12-04', '2023-12-22'])
  })

  test('no more than eight weeks, or three months, back', async () => {
    await cover('2023-02-01')
    expect(await due('weekly', '2023-12-23T01:00')).toEqual(['2023-10-30', '2023-12-22'])
    expect(await due('monthly', '2024-01-01T01:00')).toEqual(['2023-10-02', '2023-12-29'])
  })

  test('what the parameters name, in whole weeks', async () => {
    await cover('2023-02-01')
    expect(
      await due('weekly', '2023-12-23T01:00', { start_date: '2023-06-07', end_date: '2023-06-13' }),
    ).toEqual(['2023-06-05', '2023-06-16'])
  })
})

describe('a week that is covered is complete', () => {
  test('without a bar when the stock did not trade, and with a final one when it did', async () => {
    await cover('2024-01-01')
    expect(await due('weekly', '2023-12-23T01:00')).toMatch(/^nothing is due/)
    await bar('daily', '2023-12-13')
    expect(await due('weekly', '2023-12-23T01:00')).toEqual(['2023-12-11', '2023-12-22'])
    await bar('weekly', '2023-12-15', false)
    expect(await due('weekly', '2023-12-23T01:00')).toEqual(['2023-12-11', '2023-12-22'])
    await db.sql`update bars set is_final = true`
    expect(await due('weekly', '2023-12-23T01:00')).toMatch(/^nothing is due/)
  })

  test('only when no day of it is missing that may still come', async () => {
    await cover('2024-01-01')
    await db.sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('bars', 101, '2023-12-20', 'tushare', 'missing')`
    expect(await due('weekly', '2023-12-23T01:00')).toEqual(['2023-12-18', '2023-12-22'])
    await db.sql`update coverage_hole set reason = 'absent_upstream'`
    expect(await due('weekly', '2023-12-23T01:00')).toMatch(/^nothing is due/)
  })
})
