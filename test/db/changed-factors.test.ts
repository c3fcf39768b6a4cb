import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { commit, factorLine, mergeIn, openRun } from './support.ts'

/* What a changed factor says of the ones before it. */

let db: TestDatabase

const DAYS = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05']

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`insert into instrument (board, exchange) select 'main', 'SSE' from generate_series(1, 2)`
  await db.sql`insert into instrument_code (code, instrument_id, source) select '60000' || id || '.SH', id, 'tushare' from instrument where kind = 'stock'`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'adj_factor', 'coverage', 'coverage_hole', 'revision')
  await answered(DAYS.flatMap((date) => [factorLine(1, date, 1), factorLine(2, date, 5)]).sort())
})

/** Commits an answer with these lines for both stocks. */
async function answered(lines: readonly string[]): Promise<void> {
  const { runId, claim } = await openRun(db, [{ calls: 1 }])
  const dates = lines.map((line) => line.split('\t')[2] ?? '').sort()
  await commit(db, claim(1), {
    dataset: 'adj_factor',
    merge: (tx) => mergeIn(tx, 'adj_factor', lines, { runId }),
    cover: { instruments: [1, 2], from: dates[0] ?? '', to: dates.at(-1) ?? '', until: '2024-01-08' },
  })
}
const holes = async () =>
  (
    await db.sql<{ id: number; date: string; reason: string }[]>`
    select instrument_id as id, trade_date as date, reason from coverage_hole order by 1, 2`
  ).map(({ id, date, reason }) => `${id} ${date} ${reason}`)

test('a change that reaches back to the first row of the answer makes the earlier ones holes', async () => {
  await answered([
    factorLine(1, '2024-01-04', 2),
    factorLine(1, '2024-01-05', 2),
    factorLine(2, '2024-01-04', 5),
    factorLine(2, '2024-01-05', 5),
  ])
  expect(await holes()).toEqual(['1 2024-01-02 factor_changed', '1 2024-01-03 factor_changed'])
})

test('a change that begins inside the answer leaves the earlier ones alone', async () => {
  await answered([factorLine(1, '2024-01-04', 1), factorLine(1, '2024-01-05', 2)])
  expect(await holes()).toEqual([])
})

test('the holes go once the history is read again', async () => {
  await answered([factorLine(1, '2024-01-05', 2)])
  expect(await holes()).toHaveLength(3)
  await answered(DAYS.map((date) => factorLine(1, date, 2)))
  expect(await holes()).toEqual([])
})
