import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callsOfRegion, splitRegion } from '../../planning/calls.ts'
import { roughRequests } from '../../planning/cheapest.ts'
import { planRegions } from '../../planning/plan.ts'
import { countSingles, singleBins } from '../../planning/singles.ts'
import { normalize } from '../../planning/spans.ts'
import { trackOf } from '../../planning/tracks.ts'
import type { Region, ResolvedCapability, WantedItem } from '../../planning/types.ts'
import { ALWAYS, CAPABILITY, marketOf, sessionsFrom } from './market.ts'

const ONE_SYMBOL: ResolvedCapability = {
  ...CAPABILITY,
  bySymbols: { maxSymbols: 1, rowCap: 1999 },
  byDate: null,
}
const SPARSE: ResolvedCapability = { ...ONE_SYMBOL, sparse: true }

const life = { start: 0, end: 60 }
const tracks = fc.array(
  fc
    .array(fc.tuple(fc.nat(59), fc.integer({ min: 1, max: 20 })))
    .map((parts) =>
      normalize(parts.map(([start, length]) => ({ start, end: Math.min(60, start + length) }))),
    ),
  { maxLength: 6 },
)
const spansTrack = (spans: { start: number; end: number }[], id: number) => ({
  id,
  symbol: `${String(id).padStart(6, '0')}.SZ`,
  life,
  spans,
})
const positionsOf = (spans: readonly { start: number; end: number }[]): number[] =>
  spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))

/** Fewest windows of `cap` positions that hold all of some, by trying every window for the first of them. */
function fewest(positions: readonly number[], cap: number): number {
  const [first] = positions
  if (first === undefined) return 0
  const starts = Array.from({ length: cap }, (_, i) => first - i)
  return (
    1 +
    Math.min(
      ...starts.map((start) =>
        fewest(
          positions.filter((p) => p < start || p >= start + cap),
          cap,
        ),
      ),
    )
  )
}

describe('one symbol a call', () => {
  test('calls hold every wanted cell once, within the cap, and one symbol each', () => {
    fc.assert(
      fc.property(tracks, fc.integer({ min: 1, max: 30 }), (spans, rowCap) => {
        const wanted = spans.map(spansTrack)
        const bins = singleBins(wanted, rowCap)
        const cells = bins.flatMap(({ pieces }) =>
          pieces.flatMap(({ track, spans: own }) =>
            positionsOf(own).map((position) => `${track.id}/${position}`),
          ),
        )
        const expected = wanted.flatMap(({ id, spans: own }) => positionsOf(own).map((p) => `${id}/${p}`))
        expect(cells.sort()).toEqual(expected.sort())
        for (const { rows, symbolCount } of bins) {
          expect(rows).toBeLessThanOrEqual(rowCap)
          expect(symbolCount).toBe(1)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('no other windows are fewer', () => {
    const few = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 3 })), { maxLength: 4 })
    fc.assert(
      fc.property(few, fc.integer({ min: 1, max: 4 }), (parts, rowCap) => {
        const spans = normalize(parts.map(([start, length]) => ({ start, end: start + length })))
        expect(singleBins([spansTrack(spans, 1)], rowCap)).toHaveLength(fewest(positionsOf(spans), rowCap))
      }),
      { numRuns: 300 },
    )
  })

  test('counting calls gives as many as laying them out', () => {
    fc.assert(
      fc.property(tracks, fc.integer({ min: 1, max: 30 }), fc.nat(70), (spans, rowCap, before) => {
        const wanted = spans.map(spansTrack)
        const older = wanted.map((track) => ({
          ...track,
          spans: normalize(track.spans.map(({ start, end }) => ({ start, end: Math.min(end, before) }))),
        }))
        expect(countSingles(wanted, rowCap)).toBe(singleBins(wanted, rowCap).length)
        expect(countSingles(wanted, rowCap, before)).toBe(singleBins(older, rowCap).length)
        expect(countSingles(wanted, Infinity, before)).toBe(singleBins(older, Infinity).length)
      }),
      { numRuns: 300 },
    )
  })

  test('the newest calls of all symbols come before the older ones', () => {
    const calendar = sessionsFrom('2024-01-01', 10)
    const market = marketOf(
      calendar,
      [
        [0, null],
        [0, null],
      ],
      { ...ONE_SYMBOL, bySymbols: { maxSymbols: 1, rowCap: 6 } },
    )
    const items = market.instruments.map((instrument) => ({
      instrument,
      ranges: [{ from: calendar.at(0), to: calendar.at(9) }],
    }))
    const calls = planRegions({ ...market, items, callsPerBatch: 2 }).flatMap(({ region }) =>
      callsOfRegion({ region, dataset: 'bars', instrumentsById: market.byId, ...market }),
    )
    expect(calls.map(({ symbols, from, to }) => [symbols?.[0], from, to])).toEqual([
      ['000001.SZ', calendar.at(4), calendar.at(9)],
      ['000002.SZ', calendar.at(4), calendar.at(9)],
      ['000001.SZ', calendar.at(0), calendar.at(3)],
      ['000002.SZ', calendar.at(0), calendar.at(3)],
    ])
  })
})

describe('a whole market of 5,700 symbols and 35 years', () => {
  const calendar = sessionsFrom('1990-12-19', 8768)
  const market = marketOf(
    calendar,
    Array.from({ length: 5700 }, (_, i) => [Math.floor(i * 1.5), i % 19 ? null : 8600 + (i % 100)]),
  )
  const items: WantedItem[] = market.instruments.map((instrument) => ({
    instrument,
    ranges: [{ from: calendar.at(0), to: calendar.at(8767) }],
  }))
  const rowsOf = ({ instrument: { listDate, delistDate } }: WantedItem): number =>
    (delistDate ? calendar.firstAtOrAfter(delistDate) : 8768) - calendar.firstAtOrAfter(listDate ?? '')
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)

  test.each([
    ['in calls of 1,999 rows', ONE_SYMBOL, sum(items.map((item) => Math.ceil(rowsOf(item) / 1999)))],
    ['sparse', SPARSE, 5700],
  ])('%s takes the fewest calls and a few seconds', (_, capability, fewestCalls) => {
    const start = performance.now()
    const batches = planRegions({ ...market, capability, items })
    expect(performance.now() - start).toBeLessThan(15_000)
    expect(sum(batches.map(({ calls }) => calls))).toBe(fewestCalls)
    expect(sum(batches.map(({ cells }) => cells))).toBe(sum(items.map(rowsOf)))
    for (const { region, calls } of batches) {
      expect(calls).toBeLessThanOrEqual(30)
      expect(region.kind).toBe('symbols')
    }
  })

  test('with calls by date the newest sessions go that way, for fewer calls than either way alone', () => {
    const byDate = { rowCap: 100_000, maxDates: 1, ...ALWAYS }
    const batches = planRegions({ ...market, capability: { ...ONE_SYMBOL, byDate }, items })
    const dates = batches.flatMap(({ region }) => (region.kind === 'market' ? region.dates : []))
    const calls = sum(batches.map((batch) => batch.calls))
    expect(calls).toBeLessThan(8768)
    expect(calls).toBeLessThan(sum(items.map((item) => Math.ceil(rowsOf(item) / 1999))))
    expect(dates).toEqual(calendar.sessions.slice(-dates.length).reverse())
  })
})

describe('a call by date that counts as 57 requests, beside calls for one symbol each', () => {
  const calendar = sessionsFrom('2024-01-01', 20)
  const newest = calendar.at(19)
  const capability: ResolvedCapability = {
    ...ONE_SYMBOL,
    byDate: { rowCap: 100_000, maxDates: 1, cost: 57, from: newest, to: newest },
  }
  const market = marketOf(
    calendar,
    Array.from({ length: 200 }, () => [0, null]),
    capability,
  )
  const context = { dataset: 'bars' as const, instrumentsById: market.byId, ...market }
  const planFor = (symbols: number) => {
    const items = market.instruments
      .slice(0, symbols)
      .map((instrument) => ({ instrument, ranges: [{ from: newest, to: newest }] }))
    const batches = planRegions({ ...market, items })
    const calls = batches.flatMap(({ region }) => callsOfRegion({ ...context, region }))
    return { kinds: new Set(batches.map(({ region }) => region.kind)), calls, requests: sumOf(batches) }
  }
  const sumOf = (batches: { calls: number }[]) => batches.reduce((sum, { calls }) => sum + calls, 0)

  test.each([1, 5, 57])('%d symbols of the newest session go by symbol', (symbols) => {
    const { kinds, calls, requests } = planFor(symbols)
    expect([...kinds]).toEqual(['symbols'])
    expect(calls.map((call) => call.symbols?.length)).toEqual(Array.from({ length: symbols }, () => 1))
    expect(requests).toBe(symbols)
  })

  test.each([58, 200])('%d of them go by date, and the plan says what that costs', (symbols) => {
    const { kinds, calls, requests } = planFor(symbols)
    expect([...kinds]).toEqual(['market'])
    expect(calls).toMatchObject([{ symbols: null, from: newest, to: newest }])
    expect(requests).toBe(57)
  })

  const requestsFor = (of: typeof market) =>
    roughRequests(
      of.instruments.map((instrument) => trackOf(instrument, [{ from: newest, to: newest }], calendar)),
      { ...context, ...of },
    )

  test('is counted in full where nothing is laid out', () => {
    const small = marketOf(
      calendar,
      Array.from({ length: 40 }, () => [0, null]),
      capability,
    )
    expect([requestsFor(market), requestsFor(small)]).toEqual([57, 40])
  })

  test.each([
    [40, 40],
    [200, 1],
  ])(
    'a day of a market of %d stocks that was planned for another source takes %d calls',
    (size, expected) => {
      const own = marketOf(
        calendar,
        Array.from({ length: size }, () => [0, null]),
        capability,
      )
      const region: Region = { kind: 'market', dates: [newest] }
      expect(callsOfRegion({ ...context, ...own, instrumentsById: own.byId, region })).toHaveLength(expected)
    },
  )
})

describe('a sparse dataset', () => {
  const calendar = sessionsFrom('2024-01-01', 40)
  const market = marketOf(
    calendar,
    [
      [3, null],
      [null, null],
      [0, 20],
    ],
    { ...SPARSE, historyStart: calendar.at(1) },
  )
  const day = (id: number, position: number) => ({
    id,
    from: calendar.at(position),
    to: calendar.at(position),
  })
  const context = { dataset: 'adj_factor' as const, instrumentsById: market.byId, ...market }

  test('asks each symbol once, from its first day to the region’s end, whatever pieces are wanted', () => {
    const items = [day(1, 5), day(2, 9), day(1, 30), day(3, 4), day(1, 12), day(2, 25)]
    const region: Region = { kind: 'symbols', from: calendar.at(4), to: calendar.at(30), items }
    const calls = callsOfRegion({ ...context, region })
    expect(calls).toMatchObject([
      { symbols: ['000001.SZ'], from: calendar.at(3), to: calendar.at(30), rows: 0 },
      { symbols: ['000002.SZ'], from: calendar.at(1), to: calendar.at(30), rows: 0 },
      { symbols: ['000003.SZ'], from: calendar.at(1), to: calendar.at(19), rows: 0 },
    ])
  })

  test('goes by date where that takes fewer calls', () => {
    const byDate = { rowCap: 100, maxDates: 1, from: calendar.at(30), to: calendar.at(39) }
    const items = [day(1, 30), day(2, 30)]
    const region: Region = { kind: 'symbols', from: calendar.at(30), to: calendar.at(30), items }
    const capability = { ...market.capability, byDate }
    expect(callsOfRegion({ ...context, capability, region })).toMatchObject([
      { symbols: null, from: calendar.at(30), to: calendar.at(30), rows: 0 },
    ])
  })

  test('a region that is too large for it is cut between symbols', () => {
    const many = marketOf(
      calendar,
      Array.from({ length: 70 }, () => [0, null]),
      SPARSE,
    )
    const items = many.instruments.flatMap(({ id }) => [day(id, 3), day(id, 30)])
    const region: Region = { kind: 'symbols', from: calendar.at(3), to: calendar.at(30), items }
    const children = splitRegion({ ...context, ...many, instrumentsById: many.byId, region })
    expect(children.map((child) => (child.kind === 'symbols' ? child.items.length / 2 : 0))).toEqual([
      30, 30, 10,
    ])
  })
})
