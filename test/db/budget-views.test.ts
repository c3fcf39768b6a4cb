import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { noteDenied, noteRateLimit, reserveSlot } from '../../db/budget.ts'
import { budgetViews, learnedLimits } from '../../db/queries/budgets.ts'
import type { CallLimits } from '../../market/capability.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const KEY = { source: 'tushare', account: 'acc', api: 'daily' }
const UNLIMITED: CallLimits = { perMinute: null, perHour: null, perDay: null, minIntervalMs: 0 }

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql`delete from source_budget`
})

const reserve = (limits: Partial<CallLimits>, cost = 1) =>
  reserveSlot(db.sql, KEY, { ...UNLIMITED, ...limits }, cost)

/** Makes what was learned that old. */
const age = (by: string) => db.sql`update source_budget set learned_at = clock_timestamp() - ${by}::interval`

test('a limit that was learned a day ago is tried again at the configured one', async () => {
  const interval = async (): Promise<number> => {
    await db.sql`update source_budget set blocked_until = null, next_slot = now()`
    await reserve({ perMinute: 500 })
    const second = await reserve({ perMinute: 500 })
    return second.kind === 'slot' ? second.waitMs : Infinity
  }
  await reserve({})
  await noteRateLimit(db.sql, KEY, { window: 'minute', calls: 50, reason: '' })
  // Less what a busy machine takes between the two calls.
  expect(await interval()).toBeGreaterThan(200)
  expect(await learnedLimits(db.sql, KEY)).toEqual({ perMinute: 50, perHour: null, perDay: null })
  await age('25 hours')
  expect(await interval()).toBeLessThan(130)
  expect(await learnedLimits(db.sql, KEY)).toEqual({ perMinute: null, perHour: null, perDay: null })
})

test('what was learned long ago does not become young with what is learned now', async () => {
  await reserve({})
  await noteRateLimit(db.sql, KEY, { window: 'hour', calls: 100, reason: '' })
  await age('23 hours')
  await noteRateLimit(db.sql, KEY, { window: 'minute', calls: 50, reason: '' })
  expect(await learnedLimits(db.sql, KEY)).toEqual({ perMinute: 50, perHour: 100, perDay: null })
  await age('25 hours')
  await noteRateLimit(db.sql, KEY, { window: 'day', calls: 7, reason: '' })
  expect(await learnedLimits(db.sql, KEY)).toEqual({ perMinute: null, perHour: null, perDay: 7 })
})

// --- what people see of it

const viewsWith = (limits: Partial<CallLimits> | null) =>
  budgetViews(db.sql, () => limits && { ...UNLIMITED, ...limits })

test('a view shows what is used and left of each window, and the pace', async () => {
  const limits = { perMinute: 100, perHour: 50, minIntervalMs: 200 }
  await reserve(limits, 3)
  const [view] = await viewsWith(limits)
  expect(view).toMatchObject({
    ...{ source: 'tushare', account: 'acc', budget: 'daily', totalCalls: 3, learned: false },
    hour: { used: 3, limit: 50, left: 47 },
    day: { used: 3, limit: null, left: null },
    blocked: null,
    denied: null,
  })
  expect(view?.callsPerMinute).toBeCloseTo(97, 6)
  expect(Math.abs((view?.nextSlotMs ?? 0) - Date.now())).toBeLessThan(60_000)
})

test('a view counts a new hour and a new day from nothing', async () => {
  await reserve({}, 3)
  await db.sql`update source_budget set hour = hour - interval '1 hour', day = day - 1`
  const [view] = await viewsWith({ perHour: 2, perDay: 2 })
  expect(view).toMatchObject({
    hour: { used: 0, left: 2 },
    day: { used: 0, left: 2 },
    totalCalls: 3,
  })
})

test('a view shows what the upstream has named, refused and forbidden, as long as it holds', async () => {
  await reserve({})
  await noteRateLimit(db.sql, KEY, { window: 'day', calls: 5, reason: 'slow down' })
  await noteDenied(db.sql, KEY, 'no points')
  const [view] = await viewsWith({ perDay: 200 })
  expect(view).toMatchObject({
    learned: true,
    day: { used: 1, limit: 5, left: 4 },
    blocked: { reason: 'slow down' },
    denied: { message: 'no points' },
  })
  expect(view?.blocked?.untilMs).toBeGreaterThan(Date.now())
  expect((view?.denied?.untilMs ?? 0) - (view?.denied?.sinceMs ?? 0)).toBe(24 * 3_600_000)
  await age('25 hours')
  await db.sql`update source_budget set blocked_until = now(), denied_at = now() - interval '25 hours'`
  expect(await viewsWith({ perDay: 200 })).toMatchObject([
    { learned: false, day: { limit: 200 }, blocked: null, denied: null },
  ])
})

test('a budget that nothing uses any more is shown without limits', async () => {
  await reserve({})
  expect(await viewsWith(null)).toMatchObject([
    { callsPerMinute: null, hour: { used: 1, limit: null, left: null } },
  ])
})
