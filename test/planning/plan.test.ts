import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callsOfRegion, requestCount } from '../../planning/calls.ts'
import { planEventRanges, planRegions } from '../../planning/plan.ts'
import type { PlannedBatch, Region, WantedItem } from '../../planning/types.ts'
import { subtractCovered } from '../../planning/wanted.ts'
import {
  ALWAYS,
  CAPABILITY,
  cellsOfCalls,
  cellsOfItems,
  cellsOfRegion,
  marketOf,
  markets,
  sessionsFrom,
  wantedOf,
} from './market.ts'
import type { Market } from './market.ts'

const scenes = markets.chain((market) => fc.tuple(fc.constant(market), wantedOf(market)))
const limits = fc.record({
  maxSymbolsPerBatch: fc.integer({ min: 1, max: 20 }),
  callsPerBatch: fc.integer({ min: 1, max: 8 }),
})
const runs = { numRuns: 300 }

const contextOf = (market: Market) => ({ ...market, dataset: 'bars' as const, instrumentsById: market.byId })
const callsOf = (region: Region, market: Market) => callsOfRegion({ region, ...contextOf(market) })
const sorted = (cells: Iterable<string>): string[] => [...cells].sort()
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
const newest = ({ region }: PlannedBatch): string =>
  region.kind === 'market' ? (region.dates[0] ?? '') : region.kind === 'symbols' ? region.to : ''

/** The wanted cells among those of a region: a market region brings more than was wanted. */
const wantedIn = (region: Region, market: Market, wanted: ReadonlySet<string>): string[] =>
  cellsOfRegion(region, market).filter((one) => wanted.has(one))

describe('planRegions', () => {
  test('puts every wanted cell into exactly one batch, and nothing else into symbol batches', () => {
    fc.assert(
      fc.property(scenes, limits, ([market, items], batch) => {
        const wanted = cellsOfItems(items, market.calendar)
        const batches = planRegions({ ...market, ...batch, items })
        const planned = batches.flatMap(({ region }) => wantedIn(region, market, new Set(wanted)))
        expect(sorted(planned)).toEqual(sorted(wanted))
        expect(sum(batches.map(({ cells }) => cells))).toBe(wanted.length)
        const bySymbols = batches.filter(({ region }) => region.kind === 'symbols')
        const extra = bySymbols.flatMap(({ region }) => cellsOfRegion(region, market))
        expect(sorted(extra)).toEqual(sorted(extra.filter((one) => wanted.includes(one))))
      }),
      runs,
    )
  })

  test('the calls of each batch bring its cells, stay within the source’s limits and are as many as planned', () => {
    fc.assert(
      fc.property(scenes, limits, ([market, items], batch) => {
        for (const { region, calls: planned } of planRegions({ ...market, ...batch, items })) {
          const calls = callsOf(region, market)
          const brought = new Set(cellsOfCalls(calls, market))
          expect(cellsOfRegion(region, market).filter((one) => !brought.has(one))).toEqual([])
          const { bySymbols, byDate, sparse } = market.capability
          for (const call of calls) {
            if (sparse) {
              expect(call.rows).toBe(0)
              expect(call.symbols?.length ?? 1).toBe(1)
              continue
            }
            expect(cellsOfCalls([call], market)).toHaveLength(call.rows)
            if (call.symbols) {
              expect(call.rows).toBeLessThanOrEqual(bySymbols?.rowCap ?? 0)
              expect(new Set(call.symbols).size).toBe(call.symbols.length)
              expect(call.symbols.length).toBeLessThanOrEqual(bySymbols?.maxSymbols ?? 0)
            } else if (call.from !== call.to) expect(call.rows).toBeLessThanOrEqual(byDate?.rowCap ?? 0)
          }
          expect(requestCount(calls, market.capability)).toBe(planned)
        }
      }),
      runs,
    )
  })

  test('batches stay within the limits of a batch and come newest first', () => {
    fc.assert(
      fc.property(scenes, limits, ([market, items], batch) => {
        const batches = planRegions({ ...market, ...batch, items })
        for (const { region, calls } of batches) {
          const own = callsOf(region, market)
          // One dear call by date may be several cheap ones by symbols.
          const isCheaper = region.kind === 'market' && own.some(({ symbols }) => symbols !== null)
          if (calls > 1 && own.length > 1 && !isCheaper)
            expect(calls).toBeLessThanOrEqual(batch.callsPerBatch)
          if (region.kind !== 'symbols' || !market.capability.bySymbols) continue
          expect(new Set(region.items.map(({ id }) => id)).size).toBeLessThanOrEqual(batch.maxSymbolsPerBatch)
        }
        expect(batches.map(newest)).toEqual(batches.map(newest).sort().reverse())
      }),
      runs,
    )
  })

  test('never costs more than asking everything by date', () => {
    fc.assert(
      fc.property(scenes, ([market, items]) => {
        const { byDate } = market.capability
        fc.pre(byDate !== null && byDate.to === ALWAYS.to && byDate.from === ALWAYS.from)
        const cost = (capability: Market['capability']) =>
          sum(planRegions({ ...market, capability, items }).map(({ calls }) => calls))
        expect(cost(market.capability)).toBeLessThanOrEqual(cost({ ...market.capability, bySymbols: null }))
      }),
      runs,
    )
  })

  test('plans nothing when everything is covered', () => {
    fc.assert(
      fc.property(markets, (market) => {
        const { calendar, instruments } = market
        const range = { from: calendar.at(0), to: calendar.at(calendar.length - 1) }
        const covered = [
          { ranges: new Map([[0, [range]]]), holes: new Map<number, string[]>(), serves: () => true },
        ]
        const items = subtractCovered({ instruments, range, calendar, covered })
        expect(planRegions({ ...market, items })).toEqual([])
      }),
    )
  })

  test('is the same for the same market whatever was planned before', () => {
    fc.assert(
      fc.property(scenes, ([market, items]) => {
        expect(planRegions({ ...market, items })).toEqual(planRegions({ ...market, items }))
      }),
      { numRuns: 50 },
    )
  })

  test('refuses a source that can be asked neither by symbols nor by date', () => {
    const market = marketOf(sessionsFrom('2024-01-01', 3), [[0, null]], {
      ...CAPABILITY,
      bySymbols: null,
      byDate: null,
    })
    const items = market.instruments.map((instrument) => ({
      instrument,
      ranges: [{ from: '2024-01-01', to: '2024-01-05' }],
    }))
    expect(() => planRegions({ ...market, items })).toThrow(/neither by symbols nor by date/)
  })
})

describe('plans of the real shape', () => {
  const calendar = sessionsFrom('1990-12-19', 8768)
  const market = marketOf(
    calendar,
    Array.from({ length: 1140 }, (_, i) => [Math.floor(i * 7.6), i % 19 ? null : 8000 + (i % 500)]),
  )
  const all = (from: number, to = 8767, instruments = market.instruments): WantedItem[] =>
    instruments.map((instrument) => ({
      instrument,
      ranges: [{ from: calendar.at(from), to: calendar.at(to) }],
    }))
  const planOf = (items: WantedItem[], rows = (): number => 5600) =>
    planRegions({ ...market, items, marketRows: rows })

  test('a full history needs at most 2 % more calls than rows / cap', () => {
    const batches = planOf(all(0))
    const bound = sum(batches.map(({ cells }) => cells)) / 6000
    expect(sum(batches.map(({ calls }) => calls)) / bound).toBeLessThan(1.02)
  })

  test('one missing evening is one call', () => {
    expect(planOf(all(8767))).toMatchObject([
      { calls: 1, region: { kind: 'market', dates: [calendar.at(8767)] } },
    ])
  })

  test('two stocks without history beside a missing evening are packed beside one call by date', () => {
    const items = [
      ...all(0, 8767, market.instruments.slice(0, 2)),
      ...all(8767, 8767, market.instruments.slice(2)),
    ]
    const batches = planOf(items)
    expect(batches[0]).toMatchObject({ calls: 1, region: { kind: 'market' } })
    expect(sum(batches.map(({ calls }) => calls))).toBeLessThanOrEqual(5)
  })

  test('a session above the cap counts with its pages', () => {
    expect(planOf(all(8767), () => 6001)).toMatchObject([{ calls: 2, region: { kind: 'market' } }])
  })
})

describe('planEventRanges', () => {
  test('gives one range per year, newest first, without gaps', () => {
    expect(planEventRanges('2023-05-04', '2025-02-03')).toEqual([
      { kind: 'range', from: '2025-01-01', to: '2025-02-03' },
      { kind: 'range', from: '2024-01-01', to: '2024-12-31' },
      { kind: 'range', from: '2023-05-04', to: '2023-12-31' },
    ])
    expect(planEventRanges('2025-02-03', '2025-02-03')).toHaveLength(1)
    expect(planEventRanges('2025-02-04', '2025-02-03')).toEqual([])
  })
})
