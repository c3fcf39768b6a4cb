import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FieldAgreement, recordAgreement } from '../../db/queries/agreement.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { barLine, factorLine, merge } from './support.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'coverage', 'coverage_hole', 'suspension', 'agreement')
})

const ALL = { instruments: null, from: '2023-01-01', to: '2026-12-31' } as const

describe('adjustment factors', () => {
  const cover = (source: string, ranges = '{[2020-01-01,2024-07-01)}') =>
    db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', 1, ${source}, ${ranges})`
  const record = () => recordAgreement(db.sql, { ...ALL, runId: null, dataset: 'adj_factor' })
  const steps = (counts: FieldAgreement[]) =>
    counts.map(({ sourceA, sourceB, compared, agreed }) => [sourceA, sourceB, compared, agreed])

  /** A row for each session, as Tushare has them; the bar before the ex-date closed at 10. */
  async function dense(before: number, after: number): Promise<void> {
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-03', close: 10 })])
    const factors = [before, before, after, after].map((f, i) => factorLine(1, `2024-01-0${i + 2}`, f))
    await merge(db, 'adj_factor', factors)
    await cover('tushare')
  }

  test('steps are compared, not levels, and a source without a row before starts from 1', async () => {
    await dense(100, 105)
    await merge(db, 'adj_factor', [factorLine(1, '2024-01-04', 1.0508)], { source: 'baostock' })
    await cover('baostock')
    expect([steps(await record()), await db.sql`select from agreement`]).toEqual([
      [['tushare', 'baostock', 1, 1]],
      [],
    ])
  })

  test('a step further off than one and a half ticks of the last close is a difference', async () => {
    await dense(100, 105)
    await merge(db, 'adj_factor', [factorLine(1, '2024-01-04', 1.052)], { source: 'baostock' })
    await cover('baostock')
    expect(steps(await record())).toEqual([['tushare', 'baostock', 1, 0]])
    expect(
      await db.sql`select dataset, field, trade_date as date, value_a::float8 as a, value_b::float8 as b, verdict from agreement`,
    ).toEqual([
      { dataset: 'adj_factor', field: 'step', date: '2024-01-04', a: 1.05, b: 1.052, verdict: 'disputed' },
    ])
  })

  test('an ex-date that one source alone knows is a difference, on a day that both cover', async () => {
    await dense(100, 105)
    await cover('baostock')
    await cover('akshare', '{[2020-01-01,2024-01-04)}')
    expect(steps(await record())).toEqual([['tushare', 'baostock', 1, 0]])
  })

  test('a source with a hole just before an ex-date is not compared there', async () => {
    await dense(100, 105)
    await cover('baostock')
    await db.sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason)
      values ('adj_factor', 1, '2024-01-03', 'tushare', 'missing')`
    expect(await record()).toEqual([])
  })

  test('a history that begins in the middle of a life has no step on its first day', async () => {
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-03' })])
    await merge(db, 'adj_factor', [factorLine(1, '2024-01-04', 105)])
    await cover('tushare', '{[2024-01-04,2024-07-01)}')
    await cover('baostock')
    expect(await record()).toEqual([])
  })

  test('two of three agree: the third is outvoted', async () => {
    await dense(100, 105)
    for (const source of ['baostock', 'akshare']) {
      await merge(db, 'adj_factor', [factorLine(1, '2024-01-04', 1.2)], { source })
      await cover(source)
    }
    expect(steps(await record())).toEqual([
      ['baostock', 'akshare', 1, 1],
      ['tushare', 'akshare', 1, 0],
      ['tushare', 'baostock', 1, 0],
    ])
    expect(await db.sql`select distinct verdict from agreement`).toEqual([{ verdict: 'outvoted' }])
  })

  test('whole-market coverage counts for each instrument', async () => {
    await dense(100, 105)
    await db.sql`insert into coverage (dataset, instrument_id, source, ranges) values ('adj_factor', 0, 'baostock', '{[2020-01-01,2024-07-01)}')`
    expect(steps(await record())).toEqual([['tushare', 'baostock', 1, 0]])
  })
})

describe('suspensions', () => {
  const suspend = (source: string, timing = '\\N') =>
    merge(db, 'suspension', [`1\t600001.SH\t2024-01-02\tS\t${timing}`], { source })
  const record = () => recordAgreement(db.sql, { ...ALL, runId: null, dataset: 'suspension' })

  test('a stock that one source has as suspended and another saw trade is a difference', async () => {
    await suspend('tushare')
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' })], { source: 'baostock' })
    expect(await record()).toMatchObject([
      { sourceA: 'tushare', sourceB: 'baostock', compared: 1, agreed: 0 },
    ])
    expect(await db.sql`select value_a::int as a, value_b::int as b, verdict from agreement`).toEqual([
      { a: 1, b: 0, verdict: 'disputed' },
    ])
  })

  test('two sources that have it as suspended agree and outvote the one that has a bar', async () => {
    await suspend('tushare')
    await suspend('baostock')
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' })], { source: 'akshare' })
    expect((await record()).map((row) => [row.sourceA, row.sourceB, row.agreed])).toEqual([
      ['baostock', 'akshare', 0],
      ['tushare', 'akshare', 0],
      ['tushare', 'baostock', 1],
    ])
    expect(await db.sql`select distinct verdict from agreement`).toEqual([{ verdict: 'outvoted' }])
  })

  test('a part of a day is no reason to miss a bar', async () => {
    await suspend('tushare', '09:30-10:00')
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02' })], { source: 'baostock' })
    expect(await record()).toEqual([])
  })

  test('a bar without volume says nothing', async () => {
    await suspend('tushare')
    await merge(db, 'bars', [barLine({ id: 1, date: '2024-01-02', volume: 0 })], { source: 'baostock' })
    expect(await record()).toEqual([])
  })
})
