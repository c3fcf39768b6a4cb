import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noteRateLimit, reserveSlot } from '../../db/budget.ts'
import { followClockBack } from '../../db/clock-set-back.ts'
import { noteSuccess, noteTrouble, restOf } from '../../db/health.ts'
import { createLease } from '../../db/lease.ts'
import { goesFirst, keepWaiting } from '../../db/lock-waiters.ts'
import { insertRun } from '../../db/queries/runs.ts'
import { successSince } from '../../db/queries/schedules.ts'
import type { CallLimits } from '../../market/capability.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/*
 * The server's clock cannot be set here. What was written before it was set back by a day looks as if it had been written a day
 * later: so all its times are put a day ahead.
 */

const LIMITS: CallLimits = { perMinute: 30, perHour: null, perDay: 40, minIntervalMs: 0 }
const DAY_MS = 86_400_000

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const budgetOf = (api: string) => ({ source: 'tushare', account: 'acc', api })

async function setBudgetBack(): Promise<void> {
  await db.sql`
    update source_budget set next_slot = next_slot + interval '1 day', blocked_until = blocked_until + interval '1 day',
      hour = hour + interval '1 day', day = day + 1, learned_at = learned_at + interval '1 day',
      counted_at = counted_at + interval '1 day'`
}

test('the next slot comes as soon as before, and what was counted stays counted', async () => {
  const key = budgetOf('daily')
  await reserveSlot(db.sql, key, LIMITS)
  await setBudgetBack()
  const next = await reserveSlot(db.sql, key, LIMITS)
  expect(next.kind).toBe('slot')
  expect((next as { waitMs: number }).waitMs).toBeGreaterThan(1_000)
  const [row] = await db.sql`
    select hour_calls, day_calls, next_slot < now() + interval '15 seconds' as near from source_budget where api = 'daily'`
  expect(row).toEqual({ hour_calls: 2, day_calls: 2, near: true })
})

test('a refusal blocks a budget for its minute', async () => {
  const key = budgetOf('adj_factor')
  await reserveSlot(db.sql, key, LIMITS)
  await noteRateLimit(db.sql, key, { window: 'minute', calls: 10, reason: 'too many' })
  await setBudgetBack()
  const slot = await reserveSlot(db.sql, key, LIMITS)
  expect(slot).toMatchObject({ kind: 'later', reason: 'too many' })
  expect((slot as { waitMs: number }).waitMs).toBeLessThan(62_000)
})

test('a source rests no longer than its trouble asks for', async () => {
  const place = { source: 'akshare', site: 'eastmoney' } as const
  const { untilMs } = await noteTrouble(db.sql, place, { errorClass: 'SourceDown', message: 'away' })
  const restMs = untilMs - Date.now()
  await db.sql`
    update source_health set resting_until = resting_until + interval '1 day', last_failure_at = last_failure_at + interval '1 day'`
  await followClockBack(db.sql)
  const rest = await restOf(db.sql, place)
  expect(Math.abs((rest?.untilMs ?? 0) - Date.now() - restMs)).toBeLessThan(10_000)
})

test('a rest that began in the past stays as it is', async () => {
  const place = { source: 'baostock', site: 'baostock' } as const
  const { untilMs } = await noteTrouble(db.sql, place, { errorClass: 'Banned', message: '10001011' })
  await followClockBack(db.sql)
  expect((await restOf(db.sql, place))?.untilMs).toBe(untilMs)
})

test('a success is noted, though the last one lies a year ahead', async () => {
  const place = { source: 'tushare', site: 'tushare' } as const
  await db.sql`
    insert into source_health (source, site, error_rate, last_success_at) values ('tushare', 'tushare', 0.5, now() + interval '1 year')`
  await noteSuccess(db.sql, place, { calls: 1, latencyMs: 10, rejectedShare: 0 })
  const [row] =
    await db.sql`select error_rate, last_success_at <= now() as past from source_health where source = 'tushare'`
  expect(row).toEqual({ error_rate: expect.closeTo(0.49, 2) as number, past: true })
})

test('the right of a killed holder is free after its half minute', async () => {
  await createLease(db.sql, 'baostock', { label: 'killed' }).acquire(new AbortController().signal)
  await db.sql`update source_lease set until = until + interval '1 day', holder = ${randomUUID()}`
  await followClockBack(db.sql)
  const [row] = await db.sql<{ left: number }[]>`
    select extract(epoch from until - clock_timestamp())::float8 as left from source_lease`
  expect(row?.left).toBeLessThanOrEqual(30)
  expect(row?.left).toBeGreaterThan(20)
})

test('nobody gives way to a start that has died', async () => {
  const run = {
    id: randomUUID(),
    job: 'full_history',
    params: {},
    lockKey: 'global',
    requestId: 'r',
  } as const
  await insertRun(db, { ...run, workflowId: 'w' })
  await keepWaiting(db.sql, { runId: randomUUID(), lockKey: 'global', job: 'weekly' })
  await db.sql`update lock_waiter set until = until + interval '1 day'`
  await followClockBack(db.sql)
  await db.sql`update lock_waiter set until = until - interval '15 seconds'`
  expect(await goesFirst(db.sql, run.id, ['full_history'])).toBeNull()
})

test('a run that began in the future supersedes no start of today', async () => {
  const params = { days_back: 3 }
  const nominal = new Date(Date.now() - DAY_MS).toISOString()
  const id = randomUUID()
  await db.sql`
    insert into sync_run (id, job, params, lock_key, workflow_id, status, started_at, finished_at)
    values (${id}, 'weekly', ${db.sql.json(params)}, 'global', ${id}, 'success', now() + interval '1 day', now())`
  expect(await successSince(db.sql, 'weekly', params, nominal)).toBeNull()
  await db.sql`update sync_run set started_at = now() where id = ${id}`
  expect(await successSince(db.sql, 'weekly', params, nominal)).toBe(id)
})
