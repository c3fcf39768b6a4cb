import { afterAll, beforeAll, expect, test } from 'vitest'
import { countSymbols } from '../../db/commit.ts'
import { splitBatch } from '../../db/queries/batches.ts'
import { reopenRun } from '../../db/queries/runs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { commit, openRun } from './support.ts'

/* How many symbols of a run are done: each counts once, with the last of its batches. */

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const symbolsDone = async (runId: string): Promise<unknown> =>
  (await db.sql`select symbols_done from sync_run where id = ${runId}`)[0]?.symbols_done

test('a symbol of several batches is done with the last of them', async () => {
  const { runId, claim } = await openRun(
    db,
    [
      { calls: 1, instruments: [1, 2] },
      { calls: 1, instruments: [2, 3] },
    ],
    3,
  )
  const done: unknown[] = []
  for (const seq of [1, 2]) {
    await commit(db, claim(seq), { countsSymbols: true })
    done.push(await symbolsDone(runId))
  }
  expect(done).toEqual([1, 3])
})

test('batches that end at the same moment count each symbol once', async () => {
  const instruments = [[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 1], [1, 2, 3, 4, 5], [6]]
  const { runId, claim } = await openRun(
    db,
    instruments.map((ids) => ({ calls: 1, instruments: ids })),
    6,
  )
  await Promise.all(instruments.map((_, i) => commit(db, claim(i + 1), { countsSymbols: true })))
  expect(await symbolsDone(runId)).toBe(6)
})

test('a whole-market batch settles every symbol that no other batch still has', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1 }, { calls: 1, instruments: [1, 2] }], 10)
  await commit(db, claim(1), { countsSymbols: true })
  expect(await symbolsDone(runId)).toBe(8)
  await commit(db, claim(2), { countsSymbols: true })
  expect(await symbolsDone(runId)).toBe(10)
})

test('no symbol is done while a whole-market batch is open', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1 }, { calls: 1, instruments: [1, 2] }], 10)
  await commit(db, claim(2), { countsSymbols: true })
  expect(await symbolsDone(runId)).toBe(0)
  await commit(db, claim(1), { countsSymbols: true })
  expect(await symbolsDone(runId)).toBe(10)
})

test('symbols of a batch that was given up and succeeds in a retry are counted once', async () => {
  const { runId, claim } = await openRun(
    db,
    [
      { calls: 1, instruments: [1, 2] },
      { calls: 1, instruments: [2, 3] },
    ],
    3,
  )
  await db.sql.begin(async (tx) => {
    await tx`update sync_batch set state = 'failed' where run_id = ${runId} and seq = 1`
    await tx`update sync_run set updated_at = now() where id = ${runId}`
    await countSymbols(tx, { runId, seq: 1 })
  })
  await commit(db, claim(2), { countsSymbols: true })
  expect(await symbolsDone(runId)).toBe(3)
  await db.sql`update sync_run set status = 'success_with_errors' where id = ${runId}`
  const epoch = await reopenRun(db, runId)
  expect(await symbolsDone(runId)).toBe(1)
  await db.sql`update sync_batch set state = 'running' where run_id = ${runId} and seq = 1`
  await commit(db, { ...claim(1), epoch: Number(epoch) }, { countsSymbols: true })
  const [sum] = await db.sql`select sum(symbols_done)::int as n from sync_batch where run_id = ${runId}`
  expect([await symbolsDone(runId), sum?.n]).toEqual([3, 3])
})

test('symbols that a split leaves to no child are done with it, also after the run was opened again', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1, instruments: [4, 5, 6] }], 3)
  const dates = { from: '2024-01-02', to: '2024-01-05' }
  const children = [5, 6].map((id) => ({
    ...({ dataset: 'bars', source: 'tushare', calls: 1, cells: 3 } as const),
    region: { kind: 'symbols', ...dates, items: [{ id, ...dates }] } as const,
  }))
  const parent = { stage: 0, cursor: 0, countsSymbols: true }
  expect(await splitBatch(db.sql, claim(1), parent, children)).toEqual([2, 3])
  expect(await symbolsDone(runId)).toBe(1)
  await db.sql`update sync_run set status = 'failed' where id = ${runId}`
  await reopenRun(db, runId)
  expect(await symbolsDone(runId)).toBe(1)
})
