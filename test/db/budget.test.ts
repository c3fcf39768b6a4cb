import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  blockedFor,
  clearDenied,
  noteDenied,
  noteRateLimit,
  reserveSlot,
  slotInterval,
} from '../../db/budget.ts'
import { deniedApis } from '../../db/queries/budgets.ts'
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

const reserve = (limits: Partial<CallLimits>, key = KEY, cost = 1) =>
  reserveSlot(db.sql, key, { ...UNLIMITED, ...limits }, cost)
const row = async () => (await db.sql`select * from source_budget where api = 'daily'`)[0]

/** When a granted request may be sent: the true moment lies between the two, since the answer took its time to come. */
interface Granted {
  earliest: number
  latest: number
}

/** Takes slots without waiting for them, from eight connections at once, until none is within reach. */
async function takeAll(limits: Partial<CallLimits>): Promise<Granted[]> {
  const granted: Granted[] = []
  const worker = async (): Promise<void> => {
    for (;;) {
      const before = performance.now()
      const slot = await reserve(limits)
      if (slot.kind !== 'slot') return
      granted.push({ earliest: before + slot.waitMs, latest: performance.now() + slot.waitMs })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return granted
}

test('no window holds more calls than the limit, however many workers take slots at once', async () => {
  const began = performance.now()
  const granted = await takeAll({ perMinute: 600 })
  const took = performance.now() - began
  const interval = 60_000 / (600 * 0.97)
  const within = (start: number, length: number) =>
    granted.filter((slot) => slot.earliest >= start && slot.latest <= start + length).length
  for (const length of [300, 1_000, 3_000]) {
    const most = Math.max(...granted.map((slot) => within(slot.earliest, length)))
    expect(most).toBeLessThanOrEqual(Math.floor(length / interval) + 1)
  }
  const span =
    Math.max(...granted.map((slot) => slot.latest)) - Math.min(...granted.map((slot) => slot.earliest))
  expect(span).toBeGreaterThanOrEqual((granted.length - 1) * interval)
  // Five seconds ahead and no further, so that a worker that dies loses little; and no slot is given away for nothing.
  expect(granted.length).toBeGreaterThanOrEqual(Math.floor(5_000 / interval))
  expect(granted.length).toBeLessThanOrEqual(Math.ceil((6_000 + took) / interval))
})

test('the first slot is free at once, however long nobody asked, and brings no burst after it', async () => {
  await reserve({ perMinute: 60 })
  await db.sql`update source_budget set next_slot = now() - interval '1 hour'`
  const waits = [await reserve({ perMinute: 60 }), await reserve({ perMinute: 60 })].map((slot) =>
    slot.kind === 'slot' ? slot.waitMs : -1,
  )
  expect(waits[0]).toBe(0)
  // A second, less what a busy machine takes between the two.
  expect(waits[1]).toBeGreaterThan(100)
})

test('a slot that lies too far ahead is not taken', async () => {
  await reserve({ perMinute: 1 })
  const later = await reserve({ perMinute: 1 })
  expect(later).toMatchObject({ kind: 'later', reason: 'all slots near are taken' })
  expect((await row())?.total_calls).toBe(1)
})

test('the interval is that of the limit with its reserve, or the least one that was asked for', () => {
  expect(slotInterval({ ...UNLIMITED, perMinute: 500 })).toBeCloseTo(123.71, 2)
  expect(slotInterval({ ...UNLIMITED, perMinute: 500, minIntervalMs: 3_000 })).toBe(3_000)
  expect(slotInterval(UNLIMITED)).toBe(0)
})

test('apis and accounts have budgets of their own', async () => {
  await reserve({ perMinute: 1 })
  const others = [
    { ...KEY, api: 'adj_factor' },
    { ...KEY, account: 'other' },
  ]
  const slots = await Promise.all(others.map((key) => reserve({ perMinute: 1 }, key)))
  expect(slots).toEqual([
    { kind: 'slot', waitMs: 0 },
    { kind: 'slot', waitMs: 0 },
  ])
})

test('calls of the hour and of the day are counted exactly over all workers', async () => {
  const slots = await Promise.all(Array.from({ length: 20 }, () => reserve({ perHour: 7, perDay: 1_000 })))
  expect(slots.filter((slot) => slot.kind === 'slot')).toHaveLength(7)
  expect(await row()).toMatchObject({ hour_calls: 7, day_calls: 7, total_calls: 7 })
})

test('a used-up hour waits for the next one of Shanghai, and then counts from the start', async () => {
  await reserve({ perHour: 1 })
  const later = await reserve({ perHour: 1 })
  expect(later).toMatchObject({ kind: 'later', reason: "the hour's 1 call is used" })
  expect(later.kind === 'later' && later.waitMs <= 3_600_000).toBe(true)
  await db.sql`update source_budget set hour = hour - interval '1 hour'`
  expect(await reserve({ perHour: 1 })).toMatchObject({ kind: 'slot' })
  expect(await row()).toMatchObject({ hour_calls: 1, day_calls: 2 })
})

test('a used-up day waits for midnight in Shanghai, and then counts from the start', async () => {
  await reserve({ perDay: 1 })
  const later = await reserve({ perDay: 1 })
  const [clock] = await db.sql<{ ms: number }[]>`
    select (extract(epoch from ((now() at time zone 'Asia/Shanghai')::date + 1)::timestamp at time zone 'Asia/Shanghai' - now()) * 1000)::float8 as ms`
  expect(later).toMatchObject({ kind: 'later', reason: "the day's 1 call is used" })
  expect(Math.abs((later.kind === 'later' ? later.waitMs : 0) - (clock?.ms ?? 0))).toBeLessThan(60_000)
  await db.sql`update source_budget set day = day - 1, hour = hour - interval '1 day'`
  expect(await reserve({ perDay: 1 })).toMatchObject({ kind: 'slot' })
  expect((await row())?.day_calls).toBe(1)
})

test('the day is that of Shanghai', async () => {
  await reserve({})
  const [same] =
    await db.sql`select day = (now() at time zone 'Asia/Shanghai')::date as ok from source_budget`
  expect(same?.ok).toBe(true)
})

test('a refusal stops the api for everybody and its number is adopted', async () => {
  await reserve({ perMinute: 500 })
  const { blockedMs } = await noteRateLimit(db.sql, KEY, {
    window: 'minute',
    calls: 200,
    reason: 'slow down',
  })
  expect(blockedMs).toBeGreaterThan(60_000)
  expect(await reserve({ perMinute: 500 })).toMatchObject({ kind: 'later', reason: 'slow down' })
  expect(await blockedFor(db.sql, KEY)).toBeGreaterThan(60_000)
  await db.sql`update source_budget set blocked_until = now() - interval '1 second', next_slot = now()`
  await reserve({ perMinute: 500 })
  const [slot] = await db.sql<{ ms: number }[]>`
    select (extract(epoch from next_slot - clock_timestamp()) * 1000)::float8 as ms from source_budget`
  expect(slot?.ms).toBeGreaterThan(60_000 / 200 - 100)
})

test('a learned limit never raises the one that is configured', async () => {
  await reserve({})
  await noteRateLimit(db.sql, KEY, { window: 'hour', calls: 100, reason: '' })
  await db.sql`update source_budget set blocked_until = null`
  expect(await reserve({ perHour: 1 })).toMatchObject({
    kind: 'later',
    reason: "the hour's 1 call is used",
  })
})

test.each([
  ['hour', 'the hour of the refusal', 3_605],
  ['day', 'the day of the refusal', 86_460],
] as const)(
  'a refusal for the %s blocks to the end of %s, and a later one for less does not shorten it',
  async (window, _, most) => {
    await reserve({})
    const { blockedMs } = await noteRateLimit(db.sql, KEY, { window, calls: 2, reason: 'no more' })
    expect(blockedMs).toBeGreaterThan(0)
    expect(blockedMs).toBeLessThanOrEqual(most * 1_000)
    const again = await noteRateLimit(db.sql, KEY, { window: 'minute', calls: null, reason: 'no more' })
    expect(again.blockedMs).toBeGreaterThan(blockedMs - 60_000)
    expect(await row()).toMatchObject(window === 'hour' ? { learned_per_hour: 2 } : { learned_per_day: 2 })
  },
)

test('a refusal that names no number, or none, keeps what was known', async () => {
  await reserve({})
  await noteRateLimit(db.sql, KEY, { window: 'minute', calls: 200, reason: '' })
  await noteRateLimit(db.sql, KEY, { window: 'minute', calls: null, reason: '' })
  await noteRateLimit(db.sql, KEY, { window: 'minute', calls: 0, reason: '' })
  expect((await row())?.learned_per_minute).toBe(200)
})

test('an api without permission is not asked again for a day, or until somebody clears it', async () => {
  const denied = { kind: 'denied', reason: '40203 没有权限' }
  await noteDenied(db.sql, KEY, '40203 没有权限')
  expect(await reserve({})).toEqual(denied)
  expect(await deniedApis(db.sql, 'tushare', 'acc')).toEqual(new Set(['daily']))
  await clearDenied(db.sql, KEY)
  expect(await reserve({})).toMatchObject({ kind: 'slot' })
  await noteDenied(db.sql, KEY, '40203 没有权限')
  expect(await reserve({})).toEqual(denied)
  await db.sql`update source_budget set denied_at = now() - interval '25 hours'`
  expect(await reserve({})).toMatchObject({ kind: 'slot' })
  expect(await deniedApis(db.sql, 'tushare', 'acc')).toEqual(new Set())
})

test('a request that costs several calls is counted as them, and keeps the next one waiting for them all', async () => {
  expect(await reserve({ minIntervalMs: 160 }, KEY, 30)).toEqual({ kind: 'slot', waitMs: 0 })
  expect(await row()).toMatchObject({ hour_calls: 30, day_calls: 30, total_calls: 30 })
  const next = await reserve({ minIntervalMs: 160 })
  expect(next).toMatchObject({ kind: 'slot' })
  // Less what a busy machine takes between the two; as one call it would be 160 ms.
  expect(next.kind === 'slot' && next.waitMs).toBeGreaterThan(500)
  expect(next.kind === 'slot' && next.waitMs).toBeLessThanOrEqual(4_800)
})

test.each([
  ['hour', { perHour: 100 }],
  ['day', { perDay: 100 }],
] as const)(
  'a request that the rest of the %s has no room for is not sent, a smaller one is',
  async (window, limits) => {
    await reserve(limits, KEY, 60)
    expect(await reserve(limits, KEY, 60)).toMatchObject({
      kind: 'later',
      reason: `60 of the ${window}'s 100 calls used, and this needs 60`,
    })
    expect(await reserve(limits, KEY, 40)).toMatchObject({ kind: 'slot' })
    expect(await reserve(limits)).toMatchObject({
      kind: 'later',
      reason: `the ${window}'s 100 calls are used`,
    })
  },
)

test('a request that costs more than a whole day grants is the only one of its day', async () => {
  expect(await reserve({ perDay: 50 }, KEY, 60)).toMatchObject({ kind: 'slot' })
  expect(await reserve({ perDay: 50 })).toMatchObject({ kind: 'later' })
  await db.sql`update source_budget set day = day - 1, day_calls = 1`
  expect(await reserve({ perDay: 50 })).toMatchObject({ kind: 'slot' })
  expect(await reserve({ perDay: 50 }, KEY, 60)).toMatchObject({ kind: 'later' })
})

test('workers that ask for an api for the first time at once all get an answer', async () => {
  const slots = await Promise.all(Array.from({ length: 10 }, () => reserve({})))
  expect([slots.every((slot) => slot.kind === 'slot'), (await row())?.total_calls]).toEqual([true, 10])
})
