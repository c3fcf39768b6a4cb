import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TradeDate } from '../../market/date.ts'
import type { Exchange } from '../../market/symbol.ts'
import { callsOfRegion } from '../../planning/calls.ts'
import { servedItems, servedPart } from '../../planning/served.ts'
import type { Region, ResolvedCapability } from '../../planning/types.ts'
import {
  capabilities,
  CAPABILITY,
  cellsOfCalls,
  cellsOfItems,
  cellsOfRegion,
  marketOf,
  sessionsFrom,
  wantedOf,
} from './market.ts'
import type { Market } from './market.ts'

const ALL: readonly Exchange[] = ['SSE', 'SZSE', 'BSE']

/** Stocks of three exchanges, some without dates, and a source that has a part of them. */
const scenes = fc
  .record({
    sessions: fc.integer({ min: 1, max: 70 }),
    lives: fc.array(fc.tuple(fc.option(fc.nat(60)), fc.option(fc.nat(40))), { minLength: 1, maxLength: 24 }),
    capability: capabilities,
    exchanges: fc.subarray([...ALL], { minLength: 1 }),
    onlyByDate: fc.boolean(),
  })
  .map(({ sessions, lives, capability, exchanges, onlyByDate }) => {
    const own: ResolvedCapability = {
      ...capability,
      exchanges,
      ...(onlyByDate && capability.byDate ? { bySymbols: null } : {}),
    }
    const dates = lives.map(([list, years]): [number | null, number | null] => [
      list,
      years === null ? null : (list ?? 0) + years,
    ])
    return marketOf(sessionsFrom('2019-12-20', sessions), dates, own, ['SH', 'SZ', 'BJ'])
  })

const regionsOf = (market: Market): fc.Arbitrary<Region> => {
  const { calendar, instruments } = market
  const market_ = fc
    .tuple(
      fc.subarray([...calendar.sessions], { minLength: 1 }),
      fc.option(fc.subarray([...ALL], { minLength: 1 })),
    )
    .map(([dates, exchanges]): Region => ({ kind: 'market', dates, ...(exchanges && { exchanges }) }))
  const symbols = wantedOf(market).map((wanted): Region => {
    const items = wanted.flatMap(({ instrument, ranges }) =>
      ranges.map((range) => ({ id: instrument.id, ...range })),
    )
    const whole = { from: calendar.at(0), to: calendar.at(calendar.length - 1) }
    return {
      kind: 'symbols',
      ...whole,
      items: items.length > 0 ? items : [{ id: instruments[0]?.id ?? 1, ...whole }],
    }
  })
  return fc.oneof(market_, symbols)
}

const inMarkets = scenes.chain((market) =>
  fc.record({
    market: fc.constant(market),
    region: regionsOf(market),
    historyStart: fc.option(fc.nat(market.calendar.length - 1)),
    lastReady: fc.option(fc.nat(market.calendar.length - 1)),
  }),
)

const sorted = (cells: string[]): string[] => cells.sort()

/** What the options of `servedPart` say, cell by cell. */
function canServe(
  market: Market,
  capability: ResolvedCapability,
  lastReady: TradeDate | null,
  one: string,
): boolean {
  const [id = '', date = ''] = one.split('/')
  const suffix = market.byId.get(Number(id))?.symbol.slice(-2)
  const { byDate, bySymbols, historyStart, exchanges } = capability
  return (
    exchanges.some((exchange) => ({ SSE: 'SH', SZSE: 'SZ', BSE: 'BJ' })[exchange] === suffix) &&
    date >= historyStart &&
    lastReady !== null &&
    date <= lastReady &&
    (bySymbols !== null || (byDate !== null && byDate.from <= date && date <= byDate.to))
  )
}

describe('servedPart', () => {
  test('cuts a region into exactly what the source can bring and the rest', () => {
    fc.assert(
      fc.property(inMarkets, ({ market, region, historyStart, lastReady }) => {
        const { calendar, byId } = market
        const capability = {
          ...market.capability,
          ...(historyStart !== null && { historyStart: calendar.at(historyStart) }),
        }
        const ready = lastReady === null ? null : calendar.at(lastReady)
        const cut = servedPart({ region, capability, instrumentsById: byId, calendar, lastReady: ready })
        const served = cut.served ? cellsOfRegion(cut.served, market) : []
        const unserved = cut.unserved.flatMap((part) => cellsOfRegion(part, market))
        const isServed = (one: string) => canServe(market, capability, ready, one)
        const cells = cellsOfRegion(region, market)
        expect(sorted(served)).toEqual(sorted(cells.filter(isServed)))
        expect(sorted(unserved)).toEqual(sorted(cells.filter((one) => !isServed(one))))
        if (!cut.served) return
        const context = { ...market, capability, instrumentsById: byId, dataset: 'bars' as const }
        const calls = callsOfRegion({ region: cut.served, ...context })
        const brought = new Set(cellsOfCalls(calls, market))
        expect(served.filter((one) => !brought.has(one))).toEqual([])
        const serves = (symbol: string) =>
          canServe(market, capability, ready, `${idOf(market, symbol)}/${ready ?? ''}`)
        for (const { symbols } of calls)
          if (capability.bySymbols) expect(symbols?.every(serves) ?? true).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('a source that has everything keeps the region as it is', () => {
    const calendar = sessionsFrom('2024-01-01', 5)
    const market = marketOf(calendar, [[0, null]])
    const region: Region = { kind: 'market', dates: [calendar.at(4), calendar.at(1)] }
    const options = { ...market, instrumentsById: market.byId, lastReady: calendar.at(4) }
    expect(servedPart({ ...options, region })).toEqual({ served: region, unserved: [] })
  })

  test('of the whole market a source without Beijing leaves the Beijing stocks of those dates', () => {
    const calendar = sessionsFrom('2024-01-01', 5)
    const capability = { ...CAPABILITY, exchanges: ['SSE', 'SZSE'] as const }
    const lives: [number, number | null][] = [
      [0, null],
      [0, null],
      [0, 3],
    ]
    const market = marketOf(calendar, lives, capability, ['SH', 'SZ', 'BJ'])
    const options = { ...market, instrumentsById: market.byId, lastReady: calendar.at(4) }
    const dates = [calendar.at(3), calendar.at(2)]
    expect(servedPart({ ...options, region: { kind: 'market', dates } })).toEqual({
      served: { kind: 'market', dates, exchanges: ['SSE', 'SZSE'] },
      unserved: [
        {
          kind: 'symbols',
          from: calendar.at(2),
          to: calendar.at(2),
          items: [{ id: 3, from: calendar.at(2), to: calendar.at(2) }],
        },
      ],
    })
    const gone: Region = { kind: 'market', dates: [calendar.at(4)] }
    expect(servedPart({ ...options, region: gone }).unserved).toEqual([])
  })

  test('events are cut at the days on which the source begins and ends', () => {
    const calendar = sessionsFrom('2024-01-01', 5)
    const capability = { ...CAPABILITY, historyStart: '2024-03-01', bySymbols: null, byDate: null }
    const region = { kind: 'range', from: '2024-01-01', to: '2024-12-31' } as const
    const options = { region, capability, instrumentsById: new Map(), calendar }
    expect(servedPart({ ...options, lastReady: '2024-06-28' })).toEqual({
      served: { kind: 'range', from: '2024-03-01', to: '2024-06-28' },
      unserved: [
        { kind: 'range', from: '2024-06-29', to: '2024-12-31' },
        { kind: 'range', from: '2024-01-01', to: '2024-02-29' },
      ],
    })
    expect(servedPart({ ...options, lastReady: '2024-02-29' })).toEqual({ served: null, unserved: [region] })
    expect(servedPart({ ...options, lastReady: null })).toEqual({ served: null, unserved: [region] })
  })

  test('what is left of a large region comes in regions of the size of a batch', () => {
    const calendar = sessionsFrom('2024-01-01', 5)
    const capability = { ...CAPABILITY, exchanges: ['SSE'] as const }
    const market = marketOf(
      calendar,
      Array.from({ length: 2400 }, () => [0, null]),
      capability,
      ['SH', 'SZ'],
    )
    const options = { ...market, instrumentsById: market.byId, lastReady: calendar.at(4) }
    const { unserved } = servedPart({ ...options, region: { kind: 'market', dates: [calendar.at(4)] } })
    expect(unserved.map((part) => (part.kind === 'symbols' ? part.items.length : 0))).toEqual([500, 500, 200])
  })
})

const idOf = ({ instruments }: Market, symbol: string): number =>
  instruments.find((instrument) => instrument.symbol === symbol)?.id ?? 0

describe('servedItems', () => {
  test('cuts wanted cells into exactly what the source can bring and the rest', () => {
    const wanted = scenes.chain((market) =>
      fc.tuple(fc.constant(market), wantedOf(market), fc.option(fc.nat(market.calendar.length - 1))),
    )
    fc.assert(
      fc.property(wanted, ([market, items, last]) => {
        const { calendar, capability } = market
        const lastReady = last === null ? null : calendar.at(last)
        const { served, unserved } = servedItems(items, { capability, calendar, lastReady })
        const cells = cellsOfItems(items, calendar)
        const isServed = (one: string) => canServe(market, capability, lastReady, one)
        expect(sorted(cellsOfItems(served, calendar))).toEqual(sorted(cells.filter(isServed)))
        expect(sorted(cellsOfItems(unserved, calendar))).toEqual(
          sorted(cells.filter((one) => !isServed(one))),
        )
      }),
      { numRuns: 300 },
    )
  })
})
