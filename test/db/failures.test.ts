import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { listFailures, type NewFailure, openFailuresOf, recordFailures } from '../../db/queries/failures.ts'
import { reopenRun } from '../../db/queries/runs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { commit, openRun } from './support.ts'

const RUN = '00000000-0000-0000-0000-000000000001'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql`delete from sync_failure`
})

const record = (differs: Partial<NewFailure> = {}) =>
  recordFailures(db.sql, {
    job: 'daily_history',
    dataset: 'bars',
    source: 'tushare',
    symbols: [{ id: 1, symbol: '600001.SH' }],
    from: '2024-01-02',
    to: '2024-01-05',
    errorClass: 'BadRequest',
    message: 'refused',
    runId: RUN,
    maxRetries: 3,
    ...differs,
  })
const open = () => listFailures(db.sql, { open: true, limit: 10 })

/** A success of some instruments (null: the whole market) over dates, as commits bring it. */
async function succeed(instruments: readonly number[] | null, from: string, to: string): Promise<void> {
  const { claim } = await openRun(db, [{ calls: 1 }])
  await commit(db, claim(1), { cover: { instruments, from, to, until: '2030-01-01' }, resolves: true })
}

test('a failure that comes again counts another attempt and keeps the newest words', async () => {
  await record()
  await record({ message: 'refused again', errorClass: 'SchemaDrift' })
  expect(await open()).toMatchObject([
    { retry_count: 1, message: 'refused again', error_class: 'SchemaDrift' },
  ])
})

test('symbols and dates fail apart', async () => {
  await record({
    symbols: [
      { id: 1, symbol: '600001.SH' },
      { id: 2, symbol: '600002.SH' },
    ],
  })
  await record({ from: '2024-02-01', to: '2024-02-02' })
  expect(await open()).toHaveLength(3)
})

test.each([
  ['its region', [1], '2024-01-02', '2024-01-05', 0],
  ['more than its region', [1, 2], '2023-01-02', '2024-12-31', 0],
  ['the whole market', null, '2024-01-01', '2024-01-31', 0],
  ['part of its dates', [1], '2024-01-02', '2024-01-04', 1],
  ['another symbol', [2], '2024-01-02', '2024-01-05', 1],
])('a success of %s leaves as many open failures as it should', async (_, instruments, from, to, left) => {
  await record()
  await succeed(instruments, from, to)
  expect(await open()).toHaveLength(left)
})

test('a resolved failure says by which run and stays on record', async () => {
  await record()
  await succeed([1], '2024-01-01', '2024-01-31')
  const [failure] = await listFailures(db.sql, { open: false, limit: 10 })
  expect(failure?.resolved_at).not.toBeNull()
  expect(failure?.resolved_by).toMatch(/^[0-9a-f-]{36}$/)
})

test('a symbol that nobody knows is not found by a day of the whole market', async () => {
  await record({ symbols: [{ id: 9, symbol: '600009.SH' }], from: null, to: null })
  await succeed(null, '2024-01-02', '2024-01-02')
  expect(await open()).toHaveLength(1)
  await succeed([9], '2024-01-02', '2024-01-02')
  expect(await open()).toHaveLength(0)
})

test('a failure of another dataset is not resolved', async () => {
  await record({ dataset: 'adj_factor' })
  await succeed([1], '2024-01-01', '2024-01-31')
  expect(await open()).toHaveLength(1)
})

test('the failure of a list that was given up is resolved once a retry brings all of it', async () => {
  const { runId, claim } = await openRun(db, [
    { calls: 1, instruments: [1, 2] },
    { calls: 1, instruments: [3] },
  ])
  await record({ runId, symbols: [{ id: null, symbol: null }], from: null, to: null })
  await db.sql`update sync_batch set state = 'failed' where run_id = ${runId}`
  await db.sql`update sync_run set status = 'failed' where id = ${runId}`
  const epoch = Number(await reopenRun(db, runId))
  await db.sql`update sync_batch set state = 'running' where run_id = ${runId}`
  await commit(db, { ...claim(1), epoch })
  expect(await open()).toHaveLength(1)
  await commit(db, { ...claim(2), epoch })
  expect(await open()).toHaveLength(0)
})

test('a failure is offered for retry until its tries are used', async () => {
  await record({ maxRetries: 1 })
  expect(await openFailuresOf(db.sql, RUN)).toHaveLength(1)
  await record({ maxRetries: 1 })
  expect(await openFailuresOf(db.sql, RUN)).toHaveLength(0)
})

test('batches of the same dates that are given up in one run are one failure and one attempt', async () => {
  const region = (id: number): NewFailure['region'] => ({
    kind: 'symbols',
    from: '2024-01-02',
    to: '2024-01-05',
    items: [{ id, from: '2024-01-02', to: '2024-01-05' }],
  })
  const giveUp = (id: number, runId = RUN) =>
    record({ symbols: [{ id: null, symbol: null }], runId, region: region(id) as never })
  for (const id of [1, 2, 2]) await giveUp(id)
  expect(await open()).toMatchObject([{ retry_count: 0, regions: [region(1), region(2)] }])
  await giveUp(1, RUN.replace('1', '2'))
  expect(await open()).toMatchObject([{ retry_count: 1, regions: [region(1), region(2)] }])
})

test('pages of failures come newest first, without gaps', async () => {
  for (const day of ['02', '03', '04']) await record({ from: `2024-01-${day}` })
  const first = await listFailures(db.sql, { limit: 2 })
  const second = await listFailures(db.sql, { limit: 2, before: first.at(-1)?.id })
  expect([...first, ...second].map((failure) => failure.from_date)).toEqual([
    '2024-01-04',
    '2024-01-03',
    '2024-01-02',
  ])
})
