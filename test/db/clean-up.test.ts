import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanUp, KEPT_DAYS } from '../../db/clean-up.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const runOf = async (daysAgo: number | null): Promise<string> => {
  const id = randomUUID()
  await db.sql`
    insert into sync_run (id, job, params, lock_key, workflow_id, status, created_at, finished_at)
    values (${id}, 'stock_list', '{}', ${id}, ${`sync/${id}`}, ${daysAgo === null ? 'paused' : 'success'},
      now() - interval '500 days', now() - make_interval(days => ${daysAgo}))`
  await db.sql`insert into sync_run_source (run_id, source, dataset) values (${id}, 'tushare', 'stock_list')`
  return id
}
const runs = async () => (await db.sql<{ id: string }[]>`select id from sync_run`).map(({ id }) => id)

test('what is older than it is kept goes, the rest stays; a second time there is nothing', async () => {
  const { sql } = db
  const kept = [await runOf(KEPT_DAYS.runs - 1), await runOf(null)]
  const old = await runOf(KEPT_DAYS.runs + 1)
  for (const days of [KEPT_DAYS.logs - 1, KEPT_DAYS.logs + 1]) {
    await sql`insert into sync_log (run_id, at, level, message) values (null, now() - make_interval(days => ${days}), 'info', ${`d${days}`})`
    await sql`insert into notification (event, title, text, details, created_at) values ('test', 't', 't', '{}', now() - make_interval(days => ${days}))`
  }
  for (const days of [null, KEPT_DAYS.failures + 1])
    await sql`insert into sync_failure (job, dataset, source, error_class, message, run_id, max_retries, symbol, resolved_at)
      values ('stock_list', 'bars', 'tushare', 'Transient', 'm', ${old}, 3, ${`s${days}`}, now() - make_interval(days => ${days}))`
  expect(await cleanUp(sql)).toEqual({ logs: 1, notices: 1, runs: 1, failures: 1, audit: 0, sessions: 0 })
  expect((await runs()).sort()).toEqual(kept.sort())
  expect((await sql`select from sync_run_source where run_id = ${old}`).count).toBe(0)
  expect((await sql`select from sync_failure where resolved_at is null`).count).toBe(1)
  expect(Object.values(await cleanUp(sql)).every((rows) => rows === 0)).toBe(true)
})
