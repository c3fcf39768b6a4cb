import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

/* Which factor holds on which day, and where none does. */

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'coverage', 'coverage_hole', 'instrument_code', 'instrument')
})

describe('a missing factor', () => {
  test('gives null prices and says so; the row, its volume and its percentage stay', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, SPLIT.slice(0, 2))
    await addFactors(db.sql, id, [['2024-01-03', 2]], { covers: '{[2024-01-03,2024-01-04)}' })
    const rows = await barsOf(db.sql, [id], { adjust: 'hfq' })
    expect(
      pick(rows, 'trade_date', 'open', 'close', 'pre_close', 'change', 'adjusted', 'factor', 'volume'),
    ).toEqual([
      ['2024-01-02', null, null, null, null, false, null, 100],
      ['2024-01-03', 44, 44, 40, 4, true, 2, 100],
    ])
  })

  test('is never taken from another source, whose scale is its own', async () => {
    const id = await splitStock(db.sql)
    await addBars(db.sql, id, SPLIT, { source: 'baostock' })
    const rows = await barsOf(db.sql, [id], { adjust: 'hfq', source: 'baostock' })
    expect(pick(rows, 'close', 'adjusted')).toEqual(Array(4).fill([null, false]))
  })

  test('is that of the last row before, through a suspension, as far as the source has answered', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, [{ date: '2024-01-02' }, { date: '2024-03-01' }, { date: '2024-03-04' }])
    await addFactors(db.sql, id, [['2024-01-02', 2]], { covers: '{[2024-01-02,2024-03-04)}' })
    expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq' }), 'factor')).toEqual([[2], [2], [null]])
    // The row before lies before the dates that are asked for.
    expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq', from: '2024-02-01' }), 'factor')).toEqual([
      [2],
      [null],
    ])
  })

  test('behind days that the source has not answered for is missing until its next row', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, [{ date: '2024-01-02' }, { date: '2024-03-01' }, { date: '2024-03-04' }])
    await addFactors(
      db.sql,
      id,
      [
        ['2024-01-02', 2],
        ['2024-03-04', 2],
      ],
      {
        covers: '{[2024-01-02,2024-01-03),[2024-03-01,2024-03-05)}',
      },
    )
    expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq' }), 'factor')).toEqual([[2], [null], [2]])
    expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq', from: '2024-03-01' }), 'factor')).toEqual([
      [null],
      [2],
    ])
  })

  test('on a day whose own row is missing is taken from its neighbours only where they agree', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    const days = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05', '2024-01-08', '2024-01-09']
    await addBars(
      db.sql,
      id,
      days.map((date) => ({ date })),
    )
    await addFactors(
      db.sql,
      id,
      [
        ['2024-01-02', 2],
        ['2024-01-04', 2],
        ['2024-01-08', 3],
      ],
      { covers: YEAR },
    )
    for (const date of ['2024-01-03', '2024-01-05', '2024-01-09'])
      await db.sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('adj_factor', ${id}, ${date}, 'tushare', 'missing')`
    const factors = pick(await barsOf(db.sql, [id], { adjust: 'hfq' }), 'factor').flat()
    expect(factors).toEqual([2, 2, 2, null, 3, null])
    const oneDay = { from: '2024-01-05', to: '2024-01-05' }
    expect(pick(await barsOf(db.sql, null, { adjust: 'hfq', ...oneDay }), 'factor')).toEqual([[null]])
  })

  test('a row counts on its own day even where nothing says what the source has answered for', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, SPLIT)
    await addFactors(db.sql, id, FACTORS.slice(0, 3))
    expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq' }), 'factor')).toEqual([[1.5], [1.5], [3], [null]])
  })
})

test('a factor that comes back after another one holds on its own days only', async () => {
  const id = await addStock(db.sql, ['600000.SH'])
  await addBars(db.sql, id, SPLIT)
  const factors = [2, 3, 2, 2.5]
  await addFactors(
    db.sql,
    id,
    SPLIT.map(({ date }, i) => [date, factors[i] ?? NaN]),
    { covers: YEAR },
  )
  expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq' }), 'factor')).toEqual([[2], [3], [2], [2.5]])
  expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq', from: '2024-01-03' }), 'factor')).toEqual([
    [3],
    [2],
    [2.5],
  ])
})

describe('sources with rows on ex-dates only', () => {
  test('have a factor of 1 before the first one', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, SPLIT, { source: 'baostock' })
    await addFactors(db.sql, id, [['2024-01-04', 2]], { source: 'baostock', covers: YEAR })
    const rows = await barsOf(db.sql, [id], { adjust: 'qfq', source: 'baostock' })
    expect(pick(rows, 'close', 'factor')).toEqual([
      [10, 1],
      [11, 1],
      [12, 2],
      [9, 2],
    ])
    const oneDay = { from: '2024-01-03', to: '2024-01-03', adjust: 'qfq', source: 'baostock' } as const
    expect(pick(await barsOf(db.sql, null, oneDay), 'close', 'factor')).toEqual([[11, 1]])
  })

  test('and of 1 throughout where there was none, adjusted forward as well', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, SPLIT, { source: 'akshare' })
    await addFactors(db.sql, id, [], { source: 'akshare', covers: YEAR })
    const rows = await barsOf(db.sql, [id], { adjust: 'qfq', source: 'akshare' })
    expect(pick(rows, 'close', 'anchor_factor')).toEqual([
      [20, 1],
      [22, 1],
      [12, 1],
      [9, 1],
    ])
  })

  test('know of a step before the days that they were asked for, which holds on them', async () => {
    const id = await addStock(db.sql, ['600000.SH'])
    await addBars(db.sql, id, SPLIT, { source: 'akshare' })
    await addFactors(db.sql, id, [['2023-06-01', 2]], { source: 'akshare', covers: YEAR })
    const factors = async (from: string) =>
      pick(await barsOf(db.sql, [id], { adjust: 'hfq', source: 'akshare', from }), 'factor').flat()
    expect([await factors('2020-01-01'), await factors('2024-01-04')]).toEqual([
      [2, 2, 2, 2],
      [2, 2],
    ])
  })

  test('say nothing of a stock of which only the newest days are known', async () => {
    const id = await addStock(db.sql, ['600000.SH'], { listDate: '2010-05-04' })
    await addBars(db.sql, id, SPLIT, { source: 'baostock' })
    await addFactors(db.sql, id, [['2024-01-04', 2]], { source: 'baostock' })
    // As one table of the whole market a day leaves it.
    await db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', 0, 'baostock', ${YEAR})`
    const rows = await barsOf(db.sql, [id], { adjust: 'hfq', source: 'baostock' })
    expect(pick(rows, 'factor')).toEqual([[null], [null], [2], [2]])
  })

  test('are asked from the first session of a stock that was listed on a day without one', async () => {
    const id = await addStock(db.sql, ['600000.SH'], { listDate: '2023-12-30' })
    await db.sql`insert into trade_calendar (exchange, trade_date, is_open, source) values ('SSE', '2023-12-30', false, 'tushare'), ('SSE', '2024-01-02', true, 'tushare')`
    await addBars(db.sql, id, SPLIT.slice(0, 1), { source: 'baostock' })
    await addFactors(db.sql, id, [], { source: 'baostock', covers: YEAR })
    expect(pick(await barsOf(db.sql, [id], { adjust: 'hfq', source: 'baostock' }), 'factor')).toEqual([[1]])
    await db.sql`delete from trade_calendar`
  })
})
