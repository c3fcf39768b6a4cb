import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import {
  beginProbe,
  clearRest,
  healthOf,
  noteSuccess,
  noteTrouble,
  type Place,
  restingPlaces,
  restOf,
} from '../../db/health.ts'
import { RESTS } from '../../db/rests.ts'
import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { SourceName } from '../../market/sources.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

let db: TestDatabase
let places = 0

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

/** A place that nobody has asked yet. */
const newPlace = (source: SourceName = 'tushare'): Place => ({ source, site: `site ${++places}` })

const trouble = (place: Place, errorClass: SourceErrorClass = 'Transient', message = 'connection reset') =>
  noteTrouble(db.sql, place, { errorClass, message })

const nowMs = async (): Promise<number> => {
  const [row] = await db.sql<
    { ms: number }[]
  >`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
  return row?.ms ?? 0
}

/** Seconds of a rest: the true number lies between the two, since the answer took its time to come. */
interface Rest {
  least: number
  most: number
}

/** The rest that a trouble brings. */
const restBy = async (note: () => Promise<{ untilMs: number }>): Promise<Rest> => {
  const before = await nowMs()
  const { untilMs } = await note()
  return { least: (untilMs - (await nowMs())) / 1_000, most: (untilMs - before) / 1_000 }
}
const restAfter = (place: Place, errorClass?: SourceErrorClass) => restBy(() => trouble(place, errorClass))

const endRest = (place: Place) => db.sql`
  update source_health set resting_until = clock_timestamp() - interval '1 millisecond', probing_until = null
  where source = ${place.source} and site = ${place.site}`

const health = async (place: Place) => {
  const row = (await healthOf(db.sql)).find((own) => own.source === place.source && own.site === place.site)
  if (!row) throw new Error('no such place')
  return row
}

/** With its jitter of a tenth. */
const expectRest = ({ least, most }: Rest, step: number) => {
  expect(most).toBeGreaterThanOrEqual(step)
  expect(least).toBeLessThanOrEqual(step * 1.1)
}

test('a place that nobody has asked is up and needs no probe', async () => {
  const place = newPlace()
  expect(await restOf(db.sql, place)).toBeNull()
  expect(await beginProbe(db.sql, place)).toBe(true)
})

test.each([
  ['tushare', [5, 15, 30, 60, 120, 300, 300]],
  ['baostock', [5, 15, 30, 60, 120, 300, 300]],
  ['akshare', [MINUTE, 30 * MINUTE, 2 * HOUR, 24 * HOUR, 24 * HOUR]],
] as const)('each failure in a row makes %s rest longer, up to its last step', async (source, steps) => {
  const place = newPlace(source)
  for (const step of steps) {
    expectRest(await restAfter(place), step)
    await endRest(place)
  }
  expect((await health(place)).failures).toBe(steps.length)
})

test('a server that is down rests as one that hiccups', async () => {
  expectRest(await restAfter(newPlace(), 'SourceDown'), 5)
})

test('each ban of the year makes BaoStock rest six hours longer, and a new year forgets', async () => {
  const place = newPlace('baostock')
  for (const hours of [6, 12, 18]) {
    expectRest(await restAfter(place, 'Banned'), hours * HOUR)
    await endRest(place)
  }
  await db.sql`update source_health set ban_year = ban_year - 1 where site = ${place.site}`
  expectRest(await restAfter(place, 'Banned'), 6 * HOUR)
  const [same] = await db.sql`
    select ban_year = extract(year from now() at time zone 'Asia/Shanghai') as ok, bans from source_health where site = ${place.site}`
  expect(same).toMatchObject({ ok: true, bans: 1 })
})

test('a ban by a site of AKShare is half an hour at least, and longer where its step is', async () => {
  const place = newPlace('akshare')
  for (const step of [30 * MINUTE, 30 * MINUTE, 2 * HOUR]) {
    expectRest(await restAfter(place, 'Banned'), step)
    await endRest(place)
  }
})

test('a ban by Tushare is an hour', async () => {
  expectRest(await restAfter(newPlace(), 'Banned'), HOUR)
})

test('what the upstream asks for wins over the step', async () => {
  const maintenance = { errorClass: 'Transient', message: 'maintenance', restSeconds: 1_000 } as const
  expectRest(await restBy(() => noteTrouble(db.sql, newPlace(), maintenance)), 1_000)
})

test('batches that fail together are one failure with one rest', async () => {
  const place = newPlace()
  const rests = await Promise.all(Array.from({ length: 8 }, () => trouble(place)))
  expect(new Set(rests.map((rest) => rest.untilMs)).size).toBe(1)
  expect(await health(place)).toMatchObject({ failures: 1, bans: 0 })
  expect((await restOf(db.sql, place))?.untilMs).toBe(rests[0]?.untilMs)
})

test('a ban that shows while a place rests for less makes the rest longer, once', async () => {
  const place = newPlace('baostock')
  await trouble(place)
  expectRest(await restAfter(place, 'Banned'), 6 * HOUR)
  const { untilMs } = await trouble(place, 'Banned')
  expect(await trouble(place)).toEqual({ untilMs })
  expect(await restOf(db.sql, place)).toMatchObject({ untilMs })
  expect(await health(place)).toMatchObject({ bans: 1, errorClass: 'Banned' })
})

test('a success closes the breaker, and the next failure is a first one', async () => {
  const place = newPlace()
  await trouble(place)
  await endRest(place)
  await trouble(place)
  await noteSuccess(db.sql, place, { calls: 1 })
  expect(await restOf(db.sql, place)).toBeNull()
  expect(await health(place)).toMatchObject({ failures: 0, restingUntilMs: null })
  expectRest(await restAfter(place), 5)
})

test('a call that was in flight when the ban came does not end it', async () => {
  const place = newPlace('baostock')
  await trouble(place, 'Banned')
  await noteSuccess(db.sql, place, { calls: 3 })
  expect(await restOf(db.sql, place)).toMatchObject({ reason: 'connection reset' })
  await endRest(place)
  await beginProbe(db.sql, place)
  await noteSuccess(db.sql, place, { calls: 1 })
  expect(await health(place)).toMatchObject({ failures: 0, restingUntilMs: null, bans: 1 })
})

test('after the rest one worker of all probes, and another one when nothing came of it', async () => {
  const place = newPlace()
  await trouble(place)
  const ask = () => Promise.all(Array.from({ length: 10 }, () => beginProbe(db.sql, place)))
  expect(await ask()).toEqual(Array.from({ length: 10 }, () => false))
  await endRest(place)
  expect((await ask()).filter(Boolean)).toHaveLength(1)
  const { probingUntilMs } = await health(place)
  expect(((probingUntilMs ?? 0) - (await nowMs())) / 1_000).toBeGreaterThan(10)
  expect(((probingUntilMs ?? 0) - (await nowMs())) / 1_000).toBeLessThanOrEqual(30)
  await db.sql`update source_health set probing_until = clock_timestamp() where site = ${place.site}`
  expect((await ask()).filter(Boolean)).toHaveLength(1)
})

test('a probe that fails makes it rest for the next step and gives the probe back', async () => {
  const place = newPlace()
  await trouble(place)
  await endRest(place)
  await beginProbe(db.sql, place)
  expectRest(await restAfter(place), 15)
  expect((await health(place)).probingUntilMs).toBeNull()
})

test('a person may ask at once, and the next rest is no shorter for it', async () => {
  const place = newPlace()
  await trouble(place)
  await clearRest(db.sql, place)
  expect(await restOf(db.sql, place)).toBeNull()
  expect(await beginProbe(db.sql, place)).toBe(true)
  expectRest(await restAfter(place), 15)
})

test('sites of one source, and sources with a site of the same name, rest apart', async () => {
  const place = newPlace('akshare')
  const others = [newPlace('akshare'), { ...place, source: 'baostock' as const }]
  const { untilMs } = await trouble(place)
  expect(await Promise.all(others.map((other) => restOf(db.sql, other)))).toEqual([null, null])
  const resting = (await restingPlaces(db.sql)).filter(({ site }) => site === place.site)
  expect(resting).toEqual([{ ...place, untilMs, reason: 'connection reset' }])
  await endRest(place)
  expect((await restingPlaces(db.sql)).filter(({ site }) => site === place.site)).toEqual([])
})

test('a long message is cut', async () => {
  const place = newPlace()
  await trouble(place, 'Transient', 'x'.repeat(1_000))
  expect((await restOf(db.sql, place))?.reason).toHaveLength(300)
})

test('the share of calls that failed follows the newest fifty or so', async () => {
  const place = newPlace()
  await trouble(place)
  expect((await health(place)).errorRate).toBeCloseTo(0.02, 4)
  await noteSuccess(db.sql, place, { calls: 30 })
  expect((await health(place)).errorRate).toBeCloseTo(0.02 * 0.98 ** 30, 4)
  for (let i = 0; i < 12; i++) {
    await endRest(place)
    await trouble(place)
  }
  expect((await health(place)).errorRate).toBeGreaterThan(0.2)
})

test('rejected rows count by the calls that brought them, and calls without a judgement do not', async () => {
  const place = newPlace()
  await noteSuccess(db.sql, place, { calls: 10, rejectedShare: 0.5 })
  const rate = 0.5 * (1 - 0.98 ** 10)
  expect((await health(place)).rejectRate).toBeCloseTo(rate, 4)
  await trouble(place)
  await noteSuccess(db.sql, place, { calls: 40 })
  expect((await health(place)).rejectRate).toBeCloseTo(rate, 4)
})

test('a rate halves with every hour without news, down to nothing', async () => {
  const place = newPlace()
  await trouble(place)
  const age = (hours: number) => db.sql`
    update source_health set last_failure_at = clock_timestamp() - make_interval(hours => ${hours}) where site = ${place.site}`
  await age(1)
  expect((await health(place)).errorRate).toBeCloseTo(0.01, 4)
  await age(24 * 365 * 5)
  expect((await health(place)).errorRate).toBeCloseTo(0, 10)
  await noteSuccess(db.sql, place, { calls: 1 })
  expect((await health(place)).errorRate).toBeCloseTo(0, 10)
})

test('latency follows the newest calls', async () => {
  const place = newPlace()
  await noteSuccess(db.sql, place, { calls: 1, latencyMs: 100 })
  expect((await health(place)).latencyMs).toBe(100)
  await trouble(place)
  await noteSuccess(db.sql, place, { calls: 1, latencyMs: 200 })
  expect((await health(place)).latencyMs).toBeCloseTo(120, 6)
})

test('many successes are one write in two seconds and lose no call', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const place = newPlace()
  await trouble(place)
  const succeed = async (times: number) => {
    const versions = new Set<unknown>()
    for (let i = 0; i < times; i++) {
      await noteSuccess(db.sql, place, { calls: 1 })
      const [row] =
        await db.sql`select xmin::text as v, error_rate from source_health where site = ${place.site}`
      versions.add(row?.v)
    }
    return versions.size
  }
  // The first one closes the breaker at once.
  expect(await succeed(1)).toBe(1)
  expect((await health(place)).errorRate).toBeCloseTo(0.02 * 0.98, 5)
  await succeed(20)
  expect((await health(place)).errorRate).toBeCloseTo(0.02 * 0.98, 5)
  vi.advanceTimersByTime(2_000)
  expect(await succeed(10)).toBe(1)
  expect((await health(place)).errorRate).toBeCloseTo(0.02 * 0.98 ** 22, 5)
})

test('every source has its rests, and none grows shorter', () => {
  for (const { steps } of Object.values(RESTS)) {
    expect(steps.length).toBeGreaterThan(0)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
  }
})
