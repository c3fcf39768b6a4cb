import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type RankEntry, rankSources } from '../../market/priority.ts'
import { SOURCE_NAMES, type SourceName } from '../../market/sources.ts'

const NOW = new Date('2026-11-02T10:00:00Z')

const healthy = (source: SourceName, priority: number): RankEntry => ({
  source,
  priority,
  pinned: false,
  errorRate: 0,
  rejectRate: 0,
})
const DEFAULT = [healthy('tushare', 1), healthy('akshare', 2), healthy('baostock', 3)] as const
const resting = (seconds: number, reason = 'connection reset') => ({
  untilMs: NOW.getTime() + seconds * 1_000,
  reason,
})

/** The default sources with what differs for some of them. */
const ranked = (differs: Partial<Record<SourceName, Partial<RankEntry>>>, preferred: SourceName[] = []) =>
  rankSources(
    DEFAULT.map((entry) => ({ ...entry, ...differs[entry.source] })),
    preferred,
    NOW,
  )
const orderOf = (...args: Parameters<typeof ranked>) => ranked(...args).map(({ source }) => source)
const reasonFor = (source: SourceName, ...args: Parameters<typeof ranked>) =>
  ranked(...args).find((entry) => entry.source === source)?.reason

test('healthy sources stand by priority', () => {
  expect(ranked({})).toEqual([
    { source: 'tushare', rank: 1, reason: 'priority 1' },
    { source: 'akshare', rank: 2, reason: 'priority 2' },
    { source: 'baostock', rank: 3, reason: 'priority 3' },
  ])
})

test('equal priorities stand as in the list of sources', () => {
  const equal = [...DEFAULT].reverse().map((entry) => ({ ...entry, priority: 1 }))
  expect(rankSources(equal, [], NOW).map(({ source }) => source)).toEqual(SOURCE_NAMES)
})

test('what was asked for comes first, in its order', () => {
  expect(orderOf({}, ['baostock', 'akshare'])).toEqual(['baostock', 'akshare', 'tushare'])
  expect(reasonFor('baostock', {}, ['baostock'])).toBe('asked for')
  expect(reasonFor('tushare', {}, ['baostock'])).toBe('priority 1')
})

test('a source whose calls fail often goes behind the others', () => {
  const failing = { tushare: { errorRate: 0.34 } }
  expect(orderOf(failing)).toEqual(['akshare', 'baostock', 'tushare'])
  expect(reasonFor('tushare', failing)).toBe('priority 1, but 34 % of its recent calls failed')
  expect(orderOf({ tushare: { errorRate: 0.2 } })[0]).toBe('tushare')
})

test('so does one whose rows are rejected', () => {
  const rejecting = { tushare: { rejectRate: 0.025 } }
  expect(orderOf(rejecting)).toEqual(['akshare', 'baostock', 'tushare'])
  expect(reasonFor('tushare', rejecting)).toBe('priority 1, but 2.5 % of its recent rows were rejected')
  expect(orderOf({ tushare: { rejectRate: 0.01 } })[0]).toBe('tushare')
})

test('but not behind one that a person put at the end', () => {
  const differs = { tushare: { errorRate: 0.5 }, baostock: { priority: 20 } }
  expect(orderOf(differs)).toEqual(['akshare', 'tushare', 'baostock'])
})

test('what a person pinned or asked for keeps its place whatever is measured', () => {
  const bad = { errorRate: 0.9, rejectRate: 0.5 }
  expect(orderOf({ tushare: { ...bad, pinned: true } })[0]).toBe('tushare')
  expect(reasonFor('tushare', { tushare: { ...bad, pinned: true } })).toBe('priority 1, pinned')
  expect(orderOf({ baostock: bad }, ['baostock'])[0]).toBe('baostock')
})

test('one that rests goes last, even when it was asked for, and says how long', () => {
  const rests = { tushare: { resting: resting(45) } }
  expect(orderOf(rests, ['tushare'])).toEqual(['akshare', 'baostock', 'tushare'])
  expect(reasonFor('tushare', rests)).toBe('priority 1, but it rests for another 45 s: connection reset')
  expect(reasonFor('tushare', { tushare: { resting: resting(6 * 3_600, '') } })).toBe(
    'priority 1, but it rests for another 360 min',
  )
})

test('a rest that is over counts no more', () => {
  expect(ranked({ tushare: { resting: resting(0) } })).toEqual(ranked({}))
})

test('every trouble is named', () => {
  expect(reasonFor('tushare', { tushare: { errorRate: 0.5, resting: resting(60) } })).toBe(
    'priority 1, but 50 % of its recent calls failed and it rests for another 60 s: connection reset',
  )
})

const entry = (source: SourceName) =>
  fc.record({
    source: fc.constant(source),
    priority: fc.integer({ min: 1, max: 99 }),
    pinned: fc.boolean(),
    resting: fc.option(fc.integer({ min: -60, max: 60 }).map((seconds) => resting(seconds))),
    errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
    rejectRate: fc.double({ min: 0, max: 1, noNaN: true }),
  })

test('nobody is lost, nobody who is up stands behind one who rests, and the order of the input is nothing', () => {
  const entries = fc.tuple(...SOURCE_NAMES.map(entry))
  fc.assert(
    fc.property(entries, fc.shuffledSubarray(SOURCE_NAMES), (all, preferred) => {
      const result = rankSources(all, preferred, NOW)
      expect(result.map(({ source }) => source).sort()).toEqual([...SOURCE_NAMES].sort())
      expect(result.map(({ rank }) => rank)).toEqual([1, 2, 3])
      const rests = result.map(
        ({ source }) => (all.find((e) => e.source === source)?.resting?.untilMs ?? 0) > NOW.getTime(),
      )
      expect(rests).toEqual([...rests].sort((a, b) => Number(a) - Number(b)))
      expect(rankSources([...all].reverse(), preferred, NOW)).toEqual(result)
    }),
  )
})
