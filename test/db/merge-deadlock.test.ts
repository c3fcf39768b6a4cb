import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import type { Tx } from '../../db/client.ts'
import type { MergeCounts } from '../../db/merge.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { barLine, commit, factorLine, mergeIn, NOTHING, openRun } from './support.ts'

const WRITERS = 4
const IDS = [1, 2, 3, 4, 5, 6, 7, 8]
const DATES = ['2023-12-29', '2024-01-02']

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
  for (const table of ['bars', 'adj_factor', 'revision']) await db.sql`delete from ${db.sql(table)}`
})

const lines = (ids: readonly number[], line: (id: number, date: string) => string): string[] =>
  ids.flatMap((id) => DATES.map((date) => line(id, date)))

async function deadlocks(): Promise<number> {
  const [row] = await db.sql<{ n: number }[]>`
    select deadlocks as n from pg_stat_database where datname = current_database()`
  return row?.n ?? 0
}

/** Writers that commit side by side; each merge gets a value that no other has. */
async function writeAll(
  commits: number,
  merge: (tx: Tx, at: { writer: number; n: number; value: number }) => Promise<MergeCounts>,
) {
  const { runId, claim } = await openRun(
    db,
    Array.from({ length: WRITERS }, () => ({ calls: commits })),
  )
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; n < commits; n++) {
      const at = { writer, n, value: 100_000 * (writer + 1) + n }
      const result = await commit(db, claim(writer + 1, n), { merge: (tx) => merge(tx, at) })
      expect(result.kind).toBe('committed')
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  const [run] = await db.sql`select inserted, updated, unchanged from sync_run where id = ${runId}`
  return run
}

/** Revisions, and how many of them begin when the one before ended. */
async function revisions() {
  const [row] = await db.sql`
    select count(*)::int as n, count(*) filter (where known_from = before or before is null)::int as chained from (
      select known_from, lag(known_to) over (partition by dataset, instrument_id, trade_date order by id) as before from revision) r`
  return row
}

test('1,000 commits of overlapping regions, half of them taking the regions the other way round, never deadlock', async () => {
  const before = await deadlocks()
  const run = await writeAll(250, (tx, { writer, n, value }) => {
    const at = (writer % 2 === 0 ? n : 250 - n) % 5
    return mergeIn(
      tx,
      'bars',
      lines(IDS.slice(at, at + 4), (id, date) => barLine({ id, date, volume: value })),
    )
  })
  const cells = IDS.length * DATES.length
  expect(run).toEqual({ inserted: cells, updated: 1_000 * 4 * DATES.length - cells, unchanged: 0 })
  expect(await revisions()).toEqual({ n: run?.updated, chained: run?.updated })
  const torn = await db.sql`select instrument_id from bars group by 1 having count(distinct volume) > 1`
  expect([torn.length, (await deadlocks()) - before]).toEqual([0, 0])
})

test('transactions that do take tables in opposite orders lose against each other and are repeated until all are in', async () => {
  const before = await deadlocks()
  const run = await writeAll(10, async (tx, { writer, value }) => {
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
    if (writer % 2 === 0) merges.reverse()
    const counts = [await merges[0]?.(), await merges[1]?.()].map((each) => each ?? NOTHING)
    const sum = (of: keyof MergeCounts) => counts.reduce((total, each) => total + each[of], 0)
    return { inserted: sum('inserted'), updated: sum('updated'), unchanged: sum('unchanged') }
  })
  const cells = 2 * IDS.length * DATES.length
  expect(run).toEqual({ inserted: cells, updated: WRITERS * 10 * cells - cells, unchanged: 0 })
  expect(await revisions()).toEqual({ n: run?.updated, chained: run?.updated })
  const values = await db.sql`select volume::int as v from bars union select factor::int from adj_factor`
  expect(values).toHaveLength(1)
  // Unless they met, the test shows nothing.
  expect((await deadlocks()) - before).toBeGreaterThan(0)
})
