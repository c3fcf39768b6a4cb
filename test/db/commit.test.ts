import { afterAll, beforeAll, expect, test } from 'vitest'
import { endFromOutside } from '../../db/end-from-outside.ts'
import { getRun, reopenRun } from '../../db/queries/runs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { barLine, commit, mergeIn, NOTHING, openRun, waiting } from './support.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const COUNTERS = 'inserted, updated, unchanged, rejected, calls, cells_done, symbols_done'
const runCounters = async (runId: string) =>
  (await db.sql.unsafe(`select ${COUNTERS} from sync_run where id = $1`, [runId]))[0]
const batchOf = async (runId: string, seq = 1) =>
  (
    await db.sql`select state, cursor, cells_done, symbols_done from sync_batch where run_id = ${runId} and seq = ${seq}`
  )[0]

test('rows, cursor and counts of an answer come together', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 2, cells: 10 }])
  const result = await commit(db, claim(1), {
    merge: (tx) => mergeIn(tx, 'bars', [barLine({ id: 1, date: '2024-01-02' })], { runId }),
    requests: 3,
    cells: 4,
  })
  expect(result).toMatchObject({ kind: 'committed', cursor: 1, done: false })
  expect(await batchOf(runId)).toMatchObject({ state: 'running', cursor: 1, cells_done: 4 })
  expect(await runCounters(runId)).toMatchObject({ inserted: 1, calls: 3, cells_done: 4 })
})

test('what the calls of a batch settle adds up to its cells, however many each of them named', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 3, cells: 10 }])
  await commit(db, claim(1, 0), { cells: 8 })
  await commit(db, claim(1, 1), { cells: 8 })
  expect((await batchOf(runId))?.cells_done).toBe(10)
  await commit(db, claim(1, 2), { cells: 0 })
  expect(await batchOf(runId)).toMatchObject({ state: 'done', cells_done: 10 })
})

test('a commit that fails leaves nothing of itself', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1 }])
  const failing = commit(db, claim(1), {
    merge: async (tx) => {
      await mergeIn(tx, 'bars', [barLine({ id: 77, date: '2024-01-02' })], { runId })
      throw new Error('the worker died')
    },
  })
  await expect(failing).rejects.toThrow('the worker died')
  const bars = await db.sql`select from bars where instrument_id = 77`
  expect([bars.length, (await batchOf(runId))?.cursor]).toEqual([0, 0])
})

/** What has to happen before a commit is refused, and why it then is. */
const FENCES: [string, (runId: string) => Promise<unknown>, string][] = [
  [
    'another attempt moved the cursor',
    (runId) => db.sql`update sync_batch set cursor = 1 where run_id = ${runId}`,
    'the cursor is at 1, not 0',
  ],
  [
    'the batch is done',
    (runId) => db.sql`update sync_batch set state = 'done' where run_id = ${runId}`,
    'the batch is done',
  ],
  [
    'the batch was split',
    (runId) => db.sql`update sync_batch set state = 'split' where run_id = ${runId}`,
    'the batch is split',
  ],
  [
    'the batch was given up',
    (runId) => db.sql`update sync_batch set state = 'failed' where run_id = ${runId}`,
    'the batch is failed',
  ],
  [
    'the batch has a newer owner',
    (runId) => db.sql`update sync_batch set owner_epoch = 2 where run_id = ${runId}`,
    'the run has a newer owner',
  ],
  [
    'the run has a newer owner',
    (runId) => db.sql`update sync_run set owner_epoch = 2 where id = ${runId}`,
    'the run has a newer owner',
  ],
  ...['success', 'success_with_errors', 'failed', 'cancelled', 'terminated'].map(
    (status): [string, (runId: string) => Promise<unknown>, string] => [
      `the run is ${status}`,
      (runId) => db.sql`update sync_run set status = ${status} where id = ${runId}`,
      `the run is ${status}`,
    ],
  ),
]

test.each(FENCES)('once %s, a commit changes nothing and says why', async (_, happen, reason) => {
  const { runId, claim } = await openRun(db, [{ calls: 2 }])
  await happen(runId)
  let merged = false
  const result = await commit(db, claim(1), {
    merge: async () => {
      merged = true
      return NOTHING
    },
  })
  expect(result).toEqual({ kind: 'fenced', reason })
  expect([merged, (await runCounters(runId))?.calls]).toEqual([false, 0])
})

test.each(['pending', 'running', 'paused', 'waiting'])(
  'the answer at hand is still committed while the run is %s',
  async (status) => {
    const { runId, claim } = await openRun(db, [{ calls: 2 }])
    await db.sql`update sync_run set status = ${status} where id = ${runId}`
    expect((await commit(db, claim(1))).kind).toBe('committed')
  },
)

test('of two attempts at one call, one commits and the other one is fenced', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 2 }])
  const kinds = (await Promise.all([commit(db, claim(1)), commit(db, claim(1))])).map((result) => result.kind)
  expect([kinds.sort(), (await runCounters(runId))?.calls]).toEqual([['committed', 'fenced'], 1])
})

test('a run that ends while a commit is under way is not written to afterwards', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 2 }])
  const result = await commit(db, claim(1), {
    merge: async (tx) => {
      await endFromOutside(
        db,
        { id: runId, ownerEpoch: 1, job: 'daily_history' },
        'terminated',
        'its workflow is gone',
      )
      return await mergeIn(tx, 'bars', [barLine({ id: 78, date: '2024-01-02' })], { runId })
    },
  })
  const bars = await db.sql`select from bars where instrument_id = 78`
  expect([result.kind, bars.length, (await batchOf(runId))?.cursor]).toEqual(['fenced', 0, 0])
})

test('more rejected rows than a statement has parameters are kept, each with its reason', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1 }])
  const rejected = Array.from({ length: 12_000 }, (_, i) => ({
    symbol: i % 2 === 0 ? '600000.SH' : null,
    trade_date: null,
    reason: `bad ${i}`,
    raw: 'x'.repeat(i === 0 ? 9_000 : 10),
  }))
  await commit(db, claim(1), { rejected })
  const [kept] = await db.sql`
    select count(distinct reason)::int as reasons, count(symbol)::int as symbols, max(length(raw))::int as longest
    from quarantine where run_id = ${runId}`
  expect([kept, (await runCounters(runId))?.rejected]).toEqual([
    { reasons: 12_000, symbols: 6_000, longest: 4_000 },
    12_000,
  ])
})

test('a run is the sum of its batches in every snapshot, however many commits are under way', async () => {
  const { runId, claim } = await openRun(
    db,
    Array.from({ length: 4 }, (_, i) => ({ calls: 40, cells: 400, instruments: [i, 10] })),
    5,
  )
  let finished = false
  const write = async (seq: number): Promise<void> => {
    for (let cursor = 0; cursor < 40; cursor++) {
      await commit(db, claim(seq, cursor), {
        merge: async () => ({ inserted: 1, updated: cursor, unchanged: 2 }),
        rejected: cursor % 7 === 0 ? [{ symbol: null, trade_date: null, reason: 'bad', raw: '' }] : [],
        requests: 2,
        cells: 10,
        countsSymbols: true,
      })
    }
  }
  const snapshot = () =>
    db.sql.begin('isolation level repeatable read', async (tx) => {
      const run = await tx.unsafe(`select ${COUNTERS}, cells_total from sync_run where id = $1`, [runId])
      const sums = COUNTERS.split(', ')
        .map((c) => `sum(${c})::int as ${c}`)
        .join(', ')
      const batches = await tx.unsafe(
        `select ${sums}, sum(cells_total)::int as cells_total from sync_batch where run_id = $1`,
        [runId],
      )
      return [run[0], batches[0]] as const
    })
  const writing = Promise.all([1, 2, 3, 4].map(write)).finally(() => (finished = true))
  const seen = new Set<number>()
  while (!finished) {
    const [run, batches] = await snapshot()
    expect(batches).toEqual(run)
    seen.add(Number(run?.calls))
  }
  await writing
  expect(await runCounters(runId)).toEqual({
    inserted: 160,
    updated: 4 * 780,
    unchanged: 320,
    rejected: 24,
    calls: 320,
    cells_done: 1_600,
    symbols_done: 5,
  })
  expect(seen.size).toBeGreaterThan(5)
})

// --- reopening

test('reopening waits for the commits under way, and later ones of the old owner are refused', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 3 }])
  let goOn = (): void => undefined
  const held = new Promise<void>((resolve) => (goOn = resolve))
  const underWay = commit(db, claim(1), {
    merge: async () => {
      await held
      return NOTHING
    },
  })
  await expect
    .poll(
      async () =>
        (
          await db.sql`select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`
        ).length,
    )
    .toBe(1)
  const reopened = db.sql`update sync_run set status = 'failed' where id = ${runId}`.then(() =>
    reopenRun(db, runId),
  )
  await expect.poll(() => waiting(db.sql)).toBe(1)
  goOn()
  // The run had ended by then, so the one under way is refused as well, but it has ended before the new owner begins.
  expect((await underWay).kind).toBe('fenced')
  expect(await reopened).toBe(2)
  expect(await commit(db, claim(1))).toEqual({ kind: 'fenced', reason: 'the run has a newer owner' })
  expect(await batchOf(runId)).toMatchObject({ state: 'pending', cursor: 0 })
})

test('a reopened run goes on from its cursors; what is done stays done', async () => {
  const { runId, claim } = await openRun(db, [{ calls: 1 }, { calls: 3 }, { calls: 1 }])
  await commit(db, claim(1))
  await commit(db, claim(2))
  await db.sql`update sync_batch set state = 'failed' where run_id = ${runId} and seq = 3`
  await db.sql`update sync_run set status = 'failed', finished_at = now() where id = ${runId}`
  expect(await reopenRun(db, runId)).toBe(2)
  const batches =
    await db.sql`select state, cursor, owner_epoch from sync_batch where run_id = ${runId} order by seq`
  expect(batches).toEqual([
    { state: 'done', cursor: 1, owner_epoch: 1 },
    { state: 'pending', cursor: 1, owner_epoch: 2 },
    { state: 'pending', cursor: 0, owner_epoch: 2 },
  ])
  expect(await getRun(db, runId)).toMatchObject({ status: 'pending', ownerEpoch: 2, finishedAt: null })
})

test('a run that has not ended is not reopened', async () => {
  const { runId } = await openRun(db, [{ calls: 1 }])
  expect(await reopenRun(db, runId)).toBeNull()
  expect(await batchOf(runId)).toMatchObject({ state: 'running' })
})

test('while another run holds the lock, a run is not reopened and nothing of it changes', async () => {
  const { runId } = await openRun(db, [{ calls: 1 }])
  const holder = await openRun(db, [])
  await db.sql`update sync_run set status = 'failed', lock_key = ${holder.runId} where id = ${runId}`
  expect(await reopenRun(db, runId)).toBe('locked')
  expect(await batchOf(runId)).toMatchObject({ state: 'running' })
})
