import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deriveEverySource } from '../../db/derive-bars.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { addBars, addCalendar, addFactors, addStock, barsOf, pick } from './bars-support.ts'

let db: TestDatabase
let id: number

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'coverage', 'trade_calendar', 'instrument_code', 'instrument')
  await addCalendar(db.sql)
  id = await addStock(db.sql, ['600000.SH'])
})

const YEAR = '{[2024-01-02,2025-01-01)}'
const WEEK = { adjust: 'hfq', period: 'weekly' } as const

describe('weeks and months of adjusted days', () => {
  beforeEach(async () => {
    // The price halves on Wednesday the 10th. The stock does not trade on Friday the 12th.
    await addBars(db.sql, id, [
      { date: '2024-01-05', close: 20, preClose: 19.5 },
      { date: '2024-01-08', open: 20, close: 21, high: 22, low: 19, preClose: 20, volume: 10 },
      { date: '2024-01-09', close: 24, preClose: 21, volume: 20 },
      { date: '2024-01-10', open: 12, close: 11, high: 13, low: 10.5, preClose: 12, volume: 40 },
      { date: '2024-01-11', close: 11.5, preClose: 11, volume: 80 },
      { date: '2024-01-15', close: 12, preClose: 11.5 },
      { date: '2024-02-01', close: 13, preClose: 12 },
    ])
    await addFactors(
      db.sql,
      id,
      [
        ['2024-01-02', 1],
        ['2024-01-10', 2],
      ],
      { covers: YEAR },
    )
  })

  test('take open, close and extremes on one scale, and sum volume and amount', async () => {
    const [, week] = await barsOf(db.sql, [id], WEEK)
    expect(pick([week ?? {}], 'open', 'high', 'low', 'close', 'volume', 'amount')).toEqual([
      [20, 26, 19, 23, 150, 10 * 21 + 20 * 24 + 40 * 11 + 80 * 11.5],
    ])
  })

  test('go on from the close of the week before, also over an ex-date', async () => {
    const weeks = await barsOf(db.sql, [id], { ...WEEK, adjust: 'qfq' })
    expect(pick(weeks.slice(0, 3), 'pre_close', 'close', 'change', 'pct_chg')).toEqual([
      [9.75, 10, 0.25, 2.5641],
      [10, 11.5, 1.5, 15],
      [11.5, 12, 0.5, 4.3478],
    ])
  })

  test('are dated by the last session of the market, and say where they begin', async () => {
    const weeks = await barsOf(db.sql, [id], WEEK)
    expect(pick(weeks, 'trade_date', 'period_start')).toEqual([
      ['2024-01-05', '2024-01-01'],
      ['2024-01-12', '2024-01-08'],
      ['2024-01-19', '2024-01-15'],
      ['2024-02-02', '2024-01-29'],
    ])
    const months = await barsOf(db.sql, [id], { ...WEEK, period: 'monthly' })
    expect(pick(months, 'trade_date', 'period_start', 'volume')).toEqual([
      ['2024-01-31', '2024-01-01', 350],
      ['2024-02-29', '2024-02-01', 100],
    ])
  })

  test('belong to the dates that are asked for with the date that they have, and are always whole', async () => {
    const between = (from: string, to: string) => barsOf(db.sql, [id], { ...WEEK, from, to })
    expect(pick(await between('2024-01-11', '2024-01-18'), 'trade_date', 'volume')).toEqual([
      ['2024-01-12', 150],
    ])
    expect(await between('2024-01-13', '2024-01-18')).toEqual([])
  })

  test('are final once their last session is settled', async () => {
    const finals = async (settled: string) =>
      pick(await barsOf(db.sql, [id], { ...WEEK, settled }), 'is_final')
        .flat()
        .slice(0, 2)
    expect([await finals('2024-01-11'), await finals('2024-01-12')]).toEqual([
      [true, false],
      [true, true],
    ])
  })

  test('are not final where the calendar ends before them: it may have one more session', async () => {
    await db.sql`delete from trade_calendar where trade_date > '2024-01-11'`
    expect(pick(await barsOf(db.sql, [id], WEEK), 'trade_date', 'is_final')).toEqual([
      ['2024-01-05', true],
      ['2024-01-11', false],
      ['2024-01-15', false],
      ['2024-02-01', false],
    ])
  })

  test('are not final while their raw week is not, for any source', async () => {
    const week = (source: string, isFinal: boolean) =>
      addBars(db.sql, id, [{ date: '2024-01-12' }], {
        source,
        isFinal,
        period: 'weekly',
        periodStart: '2024-01-08',
      })
    const isFinal = async (source: string) =>
      pick(await barsOf(db.sql, [id], { ...WEEK, source }), 'is_final')[1]
    await week('tushare', false)
    expect([await isFinal('best'), await isFinal('tushare')]).toEqual([[false], [false]])
    await week('baostock', true)
    expect([await isFinal('best'), await isFinal('tushare')]).toEqual([[true], [false]])
  })

  test('have no price where one of their days has none', async () => {
    await db.sql`update coverage set ranges = '{[2024-01-02,2024-01-09),[2024-01-10,2024-01-11)}'`
    const [, week] = await barsOf(db.sql, [id], WEEK)
    expect(pick([week ?? {}], 'open', 'close', 'adjusted', 'volume')).toEqual([[null, null, false, 150]])
  })

  test('of the whole market are those of each stock', async () => {
    const other = await addStock(db.sql, ['000001.SZ'])
    await addBars(db.sql, other, [{ date: '2024-01-09', close: 5, preClose: 4 }])
    await addFactors(db.sql, other, [['2024-01-02', 3]], { covers: YEAR })
    const rows = await barsOf(db.sql, null, { ...WEEK, from: '2024-01-08', to: '2024-01-14' })
    expect(pick(rows, 'symbol', 'trade_date', 'close')).toEqual([
      ['000001.SZ', '2024-01-12', 15],
      ['600000.SH', '2024-01-12', 23],
    ])
  })

  test('name their source where all of their days have the same', async () => {
    await db.sql`update bars set source = 'baostock' where trade_date = '2024-01-09'`
    const weeks = await barsOf(db.sql, [id], { ...WEEK, source: 'best' })
    expect(pick(weeks.slice(0, 2), 'source', 'disputed', 'factor_source')).toEqual([
      ['tushare', false, 'tushare'],
      [null, false, 'tushare'],
    ])
  })
})

test('raw weeks are read as they are stored', async () => {
  const about = { period: 'weekly', periodStart: '2024-01-08', isFinal: false }
  await addBars(db.sql, id, [{ date: '2024-01-12', close: 11 }], about)
  await addBars(db.sql, id, [{ date: '2024-01-08' }])
  const rows = await barsOf(db.sql, [id], { period: 'weekly', source: 'best' })
  expect(pick(rows, 'trade_date', 'period_start', 'is_final', 'close')).toEqual([
    ['2024-01-12', '2024-01-08', false, 11],
  ])
})

test('adjusted weeks and months of a stock without ex-dates are its raw ones', async () => {
  await db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, pre_close, volume, amount)
    select ${id}, d::date, 'daily', 'tushare', '600000.SH', 10 + n % 7, 20 + n % 5, 5 - n % 3, 10 + n % 11, 10 + (n - 1) % 11, n, n * 10.01
    from generate_series('2024-01-02'::date, '2024-12-20', '1 day') with ordinality as u(d, n) where extract(isodow from d) < 6 and n % 13 <> 0`
  await addFactors(db.sql, id, [['2024-01-02', 1]], { covers: YEAR })
  await db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('bars', ${id}, 'tushare', ${YEAR})`
  await db.sql.begin((tx) => deriveEverySource(tx, { instruments: [id] }, { runId: null, job: 'weekly' }))
  for (const [period, count] of [
    ['weekly', 51],
    ['monthly', 12],
  ] as const) {
    const raw = await barsOf(db.sql, [id], { period })
    const adjusted = await barsOf(db.sql, [id], { period, adjust: 'qfq' })
    const names = Object.keys(raw[0] ?? {})
    expect(raw).toHaveLength(count)
    expect(pick(adjusted, ...names)).toEqual(pick(raw, ...names))
  }
})

test('more days than one lot holds make the same weeks', async () => {
  await db.sql`
    insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, pre_close, volume, amount)
    select i, d::date, 'daily', 'tushare', '600000.SH', 10, 12, 9, 11, 10, 1, 10
    from generate_series('2024-01-01'::date, '2024-12-29', '1 day') d, generate_series(101, 130) i where extract(isodow from d) < 6`
  await db.sql`insert into instrument (id, board, exchange, list_date) overriding system value select i, 'main', 'SSE', '2024-01-02' from generate_series(101, 130) i`
  const ids = Array.from({ length: 30 }, (_, i) => i + 101)
  for (const each of ids)
    await addFactors(db.sql, each, [['2024-01-01', 2]], { covers: '{[2024-01-01,2025-01-01)}' })
  const rows = await barsOf(db.sql, ids, WEEK)
  expect(rows.length).toBe(30 * 52)
  expect(
    new Set(pick(rows, 'open', 'high', 'low', 'close', 'volume', 'adjusted').map((row) => row.join())),
  ).toEqual(new Set(['20,24,18,22,5,true']))
})
