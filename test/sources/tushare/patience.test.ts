import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Patience } from '../../../sources/tushare/patience.ts'
import { callFor, sourceErrorOf, withUpstream } from './upstream.ts'

const FULL_MS = 10_000

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

/** How long a request is waited for that is never answered. */
function inVain(patience: Patience): number {
  const limit = patience.begin()
  const began = performance.now()
  while (!limit.signal.aborted) vi.advanceTimersByTime(10)
  expect(performance.now() - began).toBe(limit.ms)
  return limit.ms
}

function answered(patience: Patience, afterMs: number): void {
  const limit = patience.begin()
  vi.advanceTimersByTime(afterMs)
  expect(limit.signal.aborted).toBe(false)
  limit.answered()
  limit.end()
}

test('a server that was never heard of is waited for a little, and each time twice as long, up to the full limit', () => {
  const patience = new Patience(FULL_MS)
  expect([inVain(patience), inVain(patience), inVain(patience), inVain(patience)]).toEqual([
    3_000, 6_000, 10_000, 10_000,
  ])
})

test('several that wait together are one wait in vain', () => {
  const patience = new Patience(FULL_MS)
  const limits = [patience.begin(), patience.begin(), patience.begin()]
  vi.advanceTimersByTime(3_000)
  expect(limits.map(({ signal }) => signal.aborted)).toEqual([true, true, true])
  expect(inVain(patience)).toBe(6_000)
})

test('who answered within the last minute has the full limit, and after a wait in vain the short one again', () => {
  const patience = new Patience(FULL_MS)
  answered(patience, 100)
  vi.advanceTimersByTime(59_000)
  expect(inVain(patience)).toBe(FULL_MS)
  expect(inVain(patience)).toBe(3_000)
})

test('a server that is slow has twice its time after a minute of silence', () => {
  const patience = new Patience(FULL_MS)
  answered(patience, 2_500)
  vi.advanceTimersByTime(61_000)
  expect(inVain(patience)).toBe(5_000)
})

test('an answer that has begun may take the full limit, and no more', () => {
  const limit = new Patience(FULL_MS).begin()
  vi.advanceTimersByTime(2_000)
  limit.answered()
  vi.advanceTimersByTime(7_990)
  expect(limit.signal.aborted).toBe(false)
  vi.advanceTimersByTime(10)
  expect(limit.signal.aborted).toBe(true)
})

test('a limit that is no longer than that is the limit', () => {
  expect(inVain(new Patience(500))).toBe(500)
})

test('a real server that takes connections and never answers costs three seconds of ten', () => {
  vi.useRealTimers()
  return withUpstream(
    () => () => undefined,
    async ({ source, context }) => {
      const started = performance.now()
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.details).toMatchObject({ timedOut: true, upstreamMessage: 'no answer within 3000 ms' })
      expect(performance.now() - started).toBeLessThan(FULL_MS)
    },
    FULL_MS,
  )
})
