import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../db/client.ts'
import { readBars } from '../../db/queries/bars.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import {
  addBars,
  addFactors,
  addStock,
  barsOf,
  FACTORS,
  pick,
  SPLIT,
  splitStock,
  YEAR,
} from './bars-support.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'coverage', 'coverage_hole', 'instrument_code', 'instrument')
})

describe('adjusted days', () => {
  test('forward: the past is on the scale of the newest day, and returns go on over an ex-date', async () => {
    const rows = await barsOf(db.sql, [await splitStock(db.sql)], { adjust: 'qfq' })
    expect(pick(rows, 'trade_date', 'close', 'pre_close', 'change', 'pct_chg')).toEqual([
      ['2024-01-02', 10, 9.5, 0.5, 5.2632],
      ['2024-01-03', 11, 10, 1, 10],
      ['2024-01-04', 12, 11, 1, 9.0909],
      ['2024-01-05', 9, 12, -3, -25],
    ])
  })

  test('backward: the raw price times the factor of its day', async () => {
    const rows = await barsOf(db.sql, [await splitStock(db.sql)], { adjust: 'hfq' })
    expect(pick(rows, 'open', 'close', 'pre_close', 'factor', 'adjusted')).toEqual([
      [30, 30, 28.5, 1.5, true],
      [33, 33, 30, 1.5, true],
      [36, 36, 33, 3, true],
      [27, 27, 36, 3, true],
    ])
  })

  test('volume and amount stay raw', async () => {
    const rows = await barsOf(db.sql, [await splitStock(db.sql)], { adjust: 'hfq' })
    expect(pick(rows, 'volume', 'amount')[0]).toEqual([100, 2000])
  })

  test('the anchor is the newest factor at or before its day', async () => {
    const id = await splitStock(db.sql)
    const closes = async (anchor: string) =>
      pick(await barsOf(db.sql, [id], { adjust: 'qfq', anchor }), 'close', 'anchor_factor').map((row) =>
        row.join(),
      )
    expect(await closes('2024-01-03')).toEqual(['20,1.5', '22,1.5', '24,1.5', '18,1.5'])
    expect(await closes('2024-12-31')).toEqual(['10,3', '11,3', '12,3', '9,3'])
    expect(await closes('2024-01-01')).toEqual([',', ',', ',', ','])
  })

  test('prices are rounded to the decimals that are asked for', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, [{ date: '2024-01-02', close: 10, preClose: null }])
    await addFactors(
      db.sql,
      id,
      [
        ['2024-01-02', 1],
        ['2024-01-03', 3],
      ],
      { covers: YEAR },
    )
    const close = async (decimals?: number) =>
      pick(
        await barsOf(db.sql, [id], { adjust: 'qfq', ...(decimals === undefined ? {} : { decimals }) }),
        'close',
        'pre_close',
        'change',
      )
    expect([await close(), await close(2)]).toEqual([[[3.33333333, null, null]], [[3.33, null, null]]])
  })
})

describe('the best bars', () => {
  test('are those of any source, with the factors of the one that covers the life', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, SPLIT.slice(0, 2), { source: 'baostock' })
    await addBars(db.sql, id, SPLIT.slice(2), { source: 'tushare' })
    await addFactors(db.sql, id, FACTORS.slice(2), { covers: '{[2024-01-04,2025-01-01)}' })
    await addFactors(db.sql, id, [['2024-01-04', 2]], { source: 'baostock', covers: YEAR })
    const rows = await barsOf(db.sql, [id], { adjust: 'qfq', source: 'best' })
    expect(pick(rows, 'close', 'source', 'factor', 'factor_source')).toEqual([
      [10, 'baostock', 1, 'baostock'],
      [11, 'baostock', 1, 'baostock'],
      [12, 'tushare', 2, 'baostock'],
      [9, 'tushare', 2, 'baostock'],
    ])
  })
})

describe('instruments', () => {
  test('have one series under all of their codes', async () => {
    const id = await addStock(db.sql, ['430047.BJ', '920047.BJ'])
    await addBars(db.sql, id, SPLIT.slice(0, 2), { symbol: '430047.BJ' })
    await addBars(db.sql, id, SPLIT.slice(2), { symbol: '920047.BJ' })
    const instruments = new Map([[id, '430047.BJ']])
    expect(pick(await barsOf(db.sql, [id], { instruments }), 'symbol', 'close').flat()).toEqual([
      '430047.BJ', 20, '430047.BJ', 22, '430047.BJ', 12, '430047.BJ', 9,
    ]) // prettier-ignore
  })

  test('of the whole market come by symbol, each under the code of today', async () => {
    const later = await addStock(db.sql, ['430047.BJ', '920047.BJ'])
    const first = await addStock(db.sql, ['000001.SZ'])
    await addBars(db.sql, later, SPLIT.slice(0, 1), { symbol: '430047.BJ' })
    await addBars(db.sql, first, SPLIT.slice(0, 1), { symbol: '000001.SZ' })
    const rows = await barsOf(db.sql, null, { from: '2024-01-02', to: '2024-01-02', source: 'best' })
    expect(pick(rows, 'symbol').flat()).toEqual(['000001.SZ', '920047.BJ'])
  })

  test('that have no bars give no rows', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    expect([
      await barsOf(db.sql, [id], { source: 'best', adjust: 'qfq' }),
      await barsOf(db.sql, [], {}),
    ]).toEqual([[], []])
  })
})

test('a day of the whole market says what the series of its stocks say', async () => {
  const ids = [
    await splitStock(db.sql),
    await addStock(db.sql, ['000001.SZ']),
    await addStock(db.sql, ['000002.SZ']),
  ]
  await addBars(db.sql, ids[1] ?? 0, SPLIT, { source: 'baostock' })
  await addFactors(db.sql, ids[1] ?? 0, [['2024-01-05', 4]], { source: 'baostock', covers: YEAR })
  await addBars(db.sql, ids[2] ?? 0, SPLIT.slice(0, 3))
  // Its newest factor is older than that of the others.
  await addFactors(db.sql, ids[2] ?? 0, [['2024-01-02', 7]], { covers: '{[2024-01-02,2024-01-04)}' })
  for (const adjust of ['none', 'qfq', 'hfq'] as const) {
    const series = await barsOf(db.sql, ids, { adjust, source: 'best' })
    for (const { date } of SPLIT) {
      const day = await barsOf(db.sql, null, { adjust, source: 'best', from: date, to: date })
      const names = Object.keys(series[0] ?? {}).filter((name) => name !== 'symbol')
      const sorted = (rows: typeof day) =>
        pick(rows, ...names)
          .map((row) => JSON.stringify(row))
          .sort()
      expect(sorted(day)).toEqual(sorted(series.filter((row) => row['trade_date'] === date)))
    }
  }
})

describe('reading', () => {
  test('writes nothing: adjusted prices are computed, never stored', async () => {
    const id = await splitStock(db.sql)
    const url = new URL(db.url)
    url.searchParams.set('options', '-c default_transaction_read_only=on')
    const readOnly = openDatabase({ url: url.toString(), max: 1 })
    try {
      await expect(readOnly.sql`delete from bars`).rejects.toThrow(/read-only transaction/)
      for (const adjust of ['qfq', 'hfq'] as const)
        for (const period of ['daily', 'weekly', 'monthly'] as const)
          for (const source of ['best', 'tushare'])
            for (const ids of [[id], null])
              expect((await barsOf(readOnly.sql, ids, { adjust, period, source })).length).toBeGreaterThan(0)
    } finally {
      await readOnly.close()
    }
  })

  test('can be left at any lot, and gives its connection back', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await db.sql`
      insert into bars (instrument_id, trade_date, period, source, symbol, open, high, low, close, volume, amount)
      select ${id}, d::date, 'daily', 'tushare', '600000.SH', 1, 1, 1, 1, 1, 1 from generate_series('2000-01-01'::date, '2020-12-31', '1 day') d`
    const small = openDatabase({ url: db.url, max: 1 })
    try {
      for (let i = 0; i < 3; i++) {
        const reading = await readBars(small.sql, {
          instruments: new Map([[id, '600000.SH']]), period: 'daily', from: '1990-01-01', to: '2024-12-31', adjust: 'none',
          anchor: null, source: 'tushare', asOf: null, settled: '2024-12-31',
        }) // prettier-ignore
        for await (const lot of reading.rows()) {
          expect(lot.length).toBeGreaterThan(0)
          break
        }
      }
      expect(await small.sql`select 1 as one`).toEqual([{ one: 1 }])
    } finally {
      await small.close()
    }
  })
})
