import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import type { MergeCounts } from '../../db/merge.ts'
import { createTestDatabase, empty, type TestDatabase } from '../support/database.ts'
import { barLine, commit, factorLine, merge, mergeIn, NOTHING, openRun } from './support.ts'

const WRITERS = 4
const IDS = [1, 2, 3, 4, 5, 6, 7, 8]
const DATES = ['2024-01-02', '2024-01-03']

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
  // Each deadlock costs its loser this long; the default of a second would make the test wait, not work.
  const admin = postgres(inject('adminUrl'), { max: 1 })
  await admin.unsafe(`alter database ${new URL(db.url).pathname.slice(1)} set deadlock_timeout = '5ms'`)
  await admin.end()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await empty(db.sql, 'bars', 'adj_factor', 'revision')
})

const lines = (ids: readonly number[], line: (id: number, date: string) => string): string[] =>
  ids.flatMap((id) => DATES.map((date) => line(id, date)))

/** Revisions, and how many of them begin when the one before ended. */
async function revisions() {
  const [row] = await db.sql`
    select count(*)::int as n, count(*) filter (where known_from = before or before is null)::int as chained from (
      select known_from, lag(known_to) over (partition by dataset, instrument_id, trade_date order by id) as before from revision) r`
  return row
}

test('1,000 merges of overlapping regions, half of them taking the regions the other way round, never deadlock', async () => {
  const counts: MergeCounts[] = []
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; n < 250; n++) {
      const at = (writer % 2 === 0 ? n : 250 - n) % 6
      const volume = 100_000 * (writer + 1) + n
      // Not through commitAnswer, which would repeat a merge that lost.
      counts.push(
        await merge(
          db,
          'bars',
          lines(IDS.slice(at, at + 3), (id, date) => barLine({ id, date, volume })),
        ),
      )
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  const sum = (of: keyof MergeCounts) => counts.reduce((total, each) => total + each[of], 0)
  const cells = IDS.length * DATES.length
  expect([sum('inserted'), sum('updated')]).toEqual([cells, 1_000 * 3 * DATES.length - cells])
  expect(await revisions()).toEqual({ n: sum('updated'), chained: sum('updated') })
  const torn = await db.sql`select instrument_id from bars group by 1 having count(distinct volume) > 1`
  expect(torn).toEqual([])
})

test('of two commits that hold what the other one needs, the loser is repeated and both are counted once', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1 }, { calls: 1 }])
  let arrived = 0
  let open = (): void => undefined
  const bothHold = new Promise<void>((resolve) => (open = resolve))
  let attempts = 0
  const write = (seq: number, value: number) =>
    commit(db, claim(seq), {
      merge: async (tx) => {
        attempts++
        const merges = [
          () =>
            mergeIn(
              tx,
              'bars',
              lines(IDS, (id, date) => barLine({ id, date, volume: value })),
            ),
          () =>
            mergeIn(
              tx,
              'adj_factor',
              lines(IDS, (id, date) => factorLine(id, date, value)),
            ),
        ]
        if (seq === 2) merges.reverse()
        const first = (await merges[0]?.()) ?? NOTHING
        if (++arrived === 2) open()
        await bothHold
        const second = (await merges[1]?.()) ?? NOTHING
        return {
          inserted: first.inserted + second.inserted,
          updated: first.updated + second.updated,
          unchanged: 0,
        }
      },
    })
  await Promise.all([write(1, 100), write(2, 200)])
  const cells = 2 * IDS.length * DATES.length
  const [run] = await db.sql`select inserted, updated from sync_run where id = ${runId}`
  const values = await db.sql`select volume::int as v from bars union select factor::int from adj_factor`
  expect([attempts, run, values.length]).toEqual([3, { inserted: cells, updated: cells }, 1])
})
