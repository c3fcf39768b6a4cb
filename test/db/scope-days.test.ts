import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { missingDays } from '../../db/scope/days.ts'
import type { RunParams } from '../../market/run-params.ts'
import { RUN_DEFAULTS, type RunSettings } from '../../market/run-settings.ts'
import { TUSHARE_CAPABILITIES } from '../../market/tushare.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  // Monday to Friday, without holidays.
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d::date, true, 'tushare' from generate_series(date '2023-01-02', date '2024-12-31', interval '1 day') d
    where extract(isodow from d) < 6`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'day_gate', 'bars')
})

const gate = (date: string, state: string) =>
  db.sql`insert into day_gate (dataset, trade_date, expected, present, suspended, state, reasons)
    values ('bars', ${date}, 10, 10, 0, ${state}, '{}')`

const bar = (date: string) =>
  db.sql`insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
    values (1, ${date}, 'daily', 'tushare', '600000.SH', 1, 1, 1, 1, 1, 1)`

// Wednesday evening in Beijing, after the ready time.
const EVENING = '2024-03-20T20:30:00+08:00'

const days = (given: { params?: RunParams; at?: string; settings?: Partial<RunSettings> } = {}) =>
  missingDays(
    {
      sql: db.sql,
      sources: new Map([['tushare', { capabilities: TUSHARE_CAPABILITIES }]]),
      settings: { ...RUN_DEFAULTS, ...given.settings },
      now: () => new Date(given.at ?? EVENING),
    },
    given.params ?? {},
  )

const datesOf = async (given?: Parameters<typeof days>[0]) => {
  const { start_date, end_date } = (await days(given)).params
  return [start_date, end_date]
}

describe('a daily run brings', () => {
  test('the session after the last complete one', async () => {
    await gate('2024-03-19', 'complete')
    expect(await datesOf()).toEqual(['2024-03-20', '2024-03-20'])
  })

  test('every session that was missed, over a weekend', async () => {
    await gate('2024-03-14', 'complete_with_gaps')
    expect(await datesOf()).toEqual(['2024-03-15', '2024-03-20'])
  })

  test('no session before its data is ready', async () => {
    await gate('2024-03-18', 'complete')
    expect(await datesOf({ at: '2024-03-20T11:00:00+08:00' })).toEqual(['2024-03-19', '2024-03-19'])
  })

  test("Friday's bars on Saturday morning", async () => {
    await gate('2024-03-21', 'complete')
    expect(await datesOf({ at: '2024-03-23T01:00:00+08:00' })).toEqual(['2024-03-22', '2024-03-22'])
  })

  test('a day that was found wanting, although later ones are complete', async () => {
    await gate('2024-03-12', 'incomplete')
    await gate('2024-03-19', 'complete')
    expect(await datesOf()).toEqual(['2024-03-12', '2024-03-20'])
  })

  test('only the newest session into an empty database, and says what else to run', async () => {
    const { params, notes } = await days()
    expect([params.start_date, params.end_date]).toEqual(['2024-03-20', '2024-03-20'])
    expect(notes.join()).toContain('run daily_history or full_history')
  })

  test('what follows the newest bar where no day was ever checked', async () => {
    await bar('2024-03-15')
    expect(await datesOf()).toEqual(['2024-03-18', '2024-03-20'])
  })

  test('nothing but a line in the log when all is there', async () => {
    await gate('2024-03-20', 'complete')
    const { notes } = await days()
    expect(notes).toEqual(['every session up to 2024-03-20 is there'])
  })
})

describe('a daily run looks at', () => {
  test('the days that it was told to look back, however many are missing', async () => {
    const params = { days_back: 7 }
    expect(await datesOf({ params, settings: { maxMissingDays: 1 } })).toEqual(['2024-03-13', '2024-03-20'])
  })

  test('the dates that it was given, up to the newest one that is ready', async () => {
    const params = { start_date: '2024-03-01', end_date: '2024-12-31' }
    expect(await datesOf({ params })).toEqual(['2024-03-01', '2024-03-20'])
  })

  test('the sessions before the newest one once more when asked to', async () => {
    await gate('2024-03-19', 'complete')
    expect(await datesOf({ params: { recheck: 5 } })).toEqual(['2024-03-13', '2024-03-20'])
  })
})

describe('too many missing sessions', () => {
  test('stop it, with what to run instead', async () => {
    await gate('2024-01-31', 'complete')
    await expect(days()).rejects.toThrow(
      /^35 sessions are missing .*run daily_history with start_date 2024-02-01/,
    )
  })

  test('as many as allowed do not', async () => {
    await gate('2024-01-31', 'complete')
    expect(await datesOf({ settings: { maxMissingDays: 35 } })).toEqual(['2024-02-01', '2024-03-20'])
  })
})
