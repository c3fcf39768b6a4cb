import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadCoverage } from '../../db/queries/planning.ts'
import type { AnswerCommit } from '../../db/commit.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { commit, openRun } from './support.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`insert into instrument (board, exchange) select 'main', 'SSE' from generate_series(1, 3)`
  await db.sql`insert into instrument_code (code, instrument_id, source) select '60000' || id || '.SH', id, 'tushare' from instrument`
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'coverage', 'coverage_hole', 'suspension')
})

/** Commits one answer for instruments 1 and 2 over the first week of 2024, or what differs from it. */
async function answered(differs: Partial<AnswerCommit> = {}): Promise<void> {
  const { claim } = await openRun(db, [{ calls: 1 }])
  await commit(db, claim(1), {
    cover: { instruments: [1, 2], from: '2024-01-02', to: '2024-01-05', until: '2024-01-08' },
    resolves: true,
    ...differs,
  })
}

const covered = (instruments: readonly number[] | null, from: string, to: string, until: string) =>
  answered({ cover: { instruments, from, to, until } })
const ranges = async () =>
  (
    await db.sql<{ id: number; ranges: string }[]>`
      select instrument_id as id, ranges::text as ranges from coverage order by 1`
  ).map((each) => [each.id, each.ranges])
const holes = () =>
  db.sql`select instrument_id as id, trade_date as date, reason, answers from coverage_hole order by 1, 2`
const hole = (instrumentId: number, tradeDate: string) => ({ instrumentId, tradeDate })
/** Moves what is known of holes into the past. */
const hoursLater = (hours: number) =>
  db.sql`update coverage_hole set first_seen_at = first_seen_at - make_interval(hours => ${hours})`

test('neighbouring answers join over closed days into one range', async () => {
  await covered([1], '2024-01-02', '2024-01-05', '2024-01-08')
  await covered([1], '2024-01-08', '2024-01-12', '2024-01-15')
  expect(await ranges()).toEqual([[1, '{[2024-01-02,2024-01-15)}']])
})

test('answers apart stay apart, and one between them joins all', async () => {
  await covered([1], '2024-01-02', '2024-01-03', '2024-01-04')
  await covered([1], '2024-02-01', '2024-02-02', '2024-02-05')
  expect(await ranges()).toEqual([[1, '{[2024-01-02,2024-01-04),[2024-02-01,2024-02-05)}']])
  await covered([1], '2024-01-04', '2024-01-31', '2024-02-01')
  expect(await ranges()).toEqual([[1, '{[2024-01-02,2024-02-05)}']])
})

test('a whole-market answer is kept under the market, not under each instrument', async () => {
  await covered(null, '2024-01-02', '2024-01-02', '2024-01-03')
  expect(await ranges()).toEqual([[0, '{[2024-01-02,2024-01-03)}']])
})

test('an answer that is covered already writes no row version', async () => {
  await answered()
  const version = () => db.sql`select ctid::text, xmin::text from coverage order by instrument_id`
  const before = await version()
  await answered()
  expect(await version()).toEqual(before)
})

test('answers of one region that come at once are all in its union', async () => {
  const days = Array.from({ length: 8 }, (_, i) => `2024-03-0${i + 1}`)
  await Promise.all(
    days.map((day, i) => covered([1, 2, 3], day, day, `2024-03-${String(i + 2).padStart(2, '0')}`)),
  )
  expect(await ranges()).toEqual([1, 2, 3].map((id) => [id, '{[2024-03-01,2024-03-09)}']))
})

test('a cell that did not come is a hole, until it comes', async () => {
  await answered({ missing: [hole(1, '2024-01-03'), hole(2, '2024-01-04')] })
  expect(await holes()).toEqual([
    { id: 1, date: '2024-01-03', reason: 'missing', answers: 1 },
    { id: 2, date: '2024-01-04', reason: 'missing', answers: 1 },
  ])
  await answered({ missing: [hole(2, '2024-01-04')] })
  expect(await holes()).toEqual([{ id: 2, date: '2024-01-04', reason: 'missing', answers: 2 }])
})

test('an answer fills no holes outside its region, dataset or source', async () => {
  await answered({ missing: [hole(1, '2024-01-03'), hole(2, '2024-01-03')] })
  await answered({ dataset: 'adj_factor', missing: [hole(1, '2024-01-03')] })
  await answered({ cover: { instruments: [1], from: '2024-01-04', to: '2024-01-05', until: '2024-01-08' } })
  expect(await holes()).toHaveLength(3)
  await answered({ cover: { instruments: null, from: '2024-01-03', to: '2024-01-03', until: '2024-01-04' } })
  expect(await db.sql`select dataset from coverage_hole`).toEqual([{ dataset: 'adj_factor' }])
})

test('a bar that a suspension of the whole day explains is no hole; one of half an hour explains nothing', async () => {
  await db.sql`
    insert into suspension (instrument_id, trade_date, source, suspend_type, symbol, suspend_timing)
    values (1, '2024-01-03', 'tushare', 'S', '600001.SH', null), (2, '2024-01-03', 'tushare', 'S', '600002.SH', '09:30-10:00')`
  const missing = [hole(1, '2024-01-03'), hole(2, '2024-01-03')]
  await answered({ missing, suspensionExplains: true })
  expect(await holes()).toMatchObject([{ id: 2 }])
  await answered({ dataset: 'adj_factor', missing, suspensionExplains: false })
  expect(await holes()).toHaveLength(3)
})

test('a cell is absent upstream after two answers a day apart, and not asked for again', async () => {
  const missing = [hole(1, '2024-01-03')]
  const open = async () => (await loadCoverage(db.sql, 'bars', ['tushare']))[0]?.holes.get(1)
  await answered({ missing })
  await hoursLater(23)
  await answered({ missing })
  expect([(await holes())[0]?.reason, await open()]).toEqual(['missing', ['2024-01-03']])
  await hoursLater(2)
  await answered({ missing })
  expect([(await holes())[0]?.reason, await open()]).toEqual(['absent_upstream', undefined])
})

test('a cell that is absent upstream and comes after all is a hole no longer', async () => {
  const missing = [hole(1, '2024-01-03')]
  await answered({ missing })
  await hoursLater(25)
  await answered({ missing })
  await answered()
  expect(await holes()).toEqual([])
})

test.each([
  ['with its date', '2024-01-03'],
  ['without a date that could be read', null],
])('a row that came and was refused, %s, is never taken for absent', async (_, trade_date) => {
  const refused = {
    missing: [hole(1, '2024-01-03')],
    rejected: [{ symbol: '600001.SH', trade_date, reason: 'a price is missing', raw: '[]' }],
  }
  await answered(refused)
  await hoursLater(48)
  await answered(refused)
  expect(await holes()).toMatchObject([{ id: 1, reason: 'rejected' }])
  // Then it stays away: the time counts from here.
  await answered({ missing: refused.missing })
  expect(await holes()).toMatchObject([{ reason: 'missing', answers: 1 }])
  await hoursLater(25)
  await answered({ missing: refused.missing })
  expect(await holes()).toMatchObject([{ reason: 'absent_upstream' }])
})
