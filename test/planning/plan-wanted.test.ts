import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { cover, LAST, openSmallMarket, planOf, regionsOf, source, whole } from './small-market.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openSmallMarket()
})
afterAll(() => db.drop())
beforeEach(() => db.sql`delete from coverage`)

const tushare = source('tushare')

test('any: what no source has, the switched off ones counted as well', async () => {
  await cover(db, 'bars', 'akshare', 1)
  await cover(db, 'bars', 'tushare', 2, '{[2024-01-02,2024-01-12)}')
  expect(regionsOf(await planOf(db, [tushare], 'bars'))).toEqual([`2 ${LAST}..${LAST}`, whole(3), whole(4)])
})

test('what a source has of its whole market says nothing of exchanges that it lacks', async () => {
  await cover(db, 'bars', 'baostock', 0)
  expect(regionsOf(await planOf(db, [tushare], 'bars'))).toEqual([whole(4)])
})

test('upgrade: also what only sources of lower precedence have, from the best alone', async () => {
  await cover(db, 'bars', 'baostock', 1)
  await cover(db, 'bars', 'akshare', 2)
  await cover(db, 'bars', 'tushare', 3)
  const upgrade = { want: 'upgrade' } as const
  const all = [source('akshare'), source('baostock'), tushare]
  expect(regionsOf(await planOf(db, all, 'bars', upgrade))).toEqual([
    `${whole(1)} tushare`,
    `${whole(2)} tushare`,
    `${whole(4)} tushare`,
  ])
  // Without Tushare the best is BaoStock, and AKShare where that has nothing.
  await cover(db, 'bars', 'akshare', 4)
  expect(regionsOf(await planOf(db, all.slice(0, 2), 'bars', upgrade))).toEqual([`${whole(2)} baostock`])
})

test('each: what the planned source has not brought itself', async () => {
  await cover(db, 'bars', 'baostock', 0)
  await cover(db, 'bars', 'tushare', 1)
  expect(regionsOf(await planOf(db, [tushare], 'bars', { want: 'each' }))).toEqual([
    whole(2),
    whole(3),
    whole(4),
  ])
})

test('refresh: everything', async () => {
  await cover(db, 'bars', 'tushare', 0)
  expect(regionsOf(await planOf(db, [tushare], 'bars'))).toEqual([])
  const again = await planOf(db, [tushare], 'bars', { refresh: true })
  expect(again.batches.reduce((sum, batch) => sum + batch.cells, 0)).toBe(36)
})

test('factors of two sources make no whole: the planned one is asked for all that it lacks', async () => {
  for (const id of [1, 2]) await cover(db, 'adj_factor', 'tushare', id, '{[2024-01-02,2024-01-08)}')
  await cover(db, 'adj_factor', 'baostock', 1, '{[2024-01-08,2024-01-15)}')
  await cover(db, 'adj_factor', 'baostock', 2)
  await cover(db, 'adj_factor', 'akshare', 4)
  expect(regionsOf(await planOf(db, [tushare], 'adj_factor'))).toEqual([`1 2024-01-08..${LAST}`, whole(3)])
  const baostock = await planOf(db, [source('baostock')], 'adj_factor')
  expect(regionsOf(baostock)).toEqual(['1 2024-01-02..2024-01-05', whole(3)])
})

test('only the symbols and dates that the run is about', async () => {
  const params = { symbols: ['000001.SZ'], start_date: '2024-01-05', end_date: '2024-01-07' }
  expect(regionsOf(await planOf(db, [tushare], 'bars', params))).toEqual(['3 2024-01-05..2024-01-05'])
})
