import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bisectCall,
  callsOfRegion,
  remainingRegion,
  requestCount,
  splitRegion,
} from '../../planning/calls.ts'
import { planEventRanges, planRegions } from '../../planning/plan.ts'
import type { PlannedBatch, Region, WantedItem } from '../../planning/types.ts'
import { subtractCovered } from '../../planning/wanted.ts'
import {
  CAPABILITY,
  capabilities,
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
          const { bySymbols, byDate } = market.capability
          for (const call of calls) {
            expect(cellsOfCalls([call], market)).toHaveLength(call.rows)
            if (call.symbols) {
              expect(call.rows).toBeLessThanOrEqual(bySymbols?.rowCap ?? 0)
              expect(new Set(call.symbols).size).toBe(call.symbols.length)
              expect(call.symbols.length).toBeLessThanOrEqual(bySymbols?.maxSymbols ?? 0)
            } else if (call.from !== call.to) expect(call.rows).toBeLessThanOrEqual(byDate?.rowCap ?? 0)
          }
          const cap = region.kind === 'market' ? byDate?.rowCap : (bySymbols ?? byDate)?.rowCap
          expect(requestCount(calls, cap ?? 0)).toBe(planned)
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
          if (calls > 1 && callsOf(region, market).length > 1)
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
        fc.pre(byDate !== null)
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
        const covered = [{ ranges: new Map([[0, [range]]]), holes: new Map<number, string[]>() }]
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

describe('callsOfRegion', () => {
  const elsewhere = scenes.chain(([market, items]) =>
    fc.tuple(
      fc.constant(market),
      fc.constant(items),
      capabilities.map((capability) => ({ ...market, capability })),
    ),
  )

  test('another source brings the same cells of a batch within its own limits', () => {
    fc.assert(
      fc.property(elsewhere, ([market, items, other]) => {
        for (const { region } of planRegions({ ...market, items })) {
          const calls = callsOf(region, other)
          const brought = new Set(cellsOfCalls(calls, other))
          expect(cellsOfRegion(region, market).filter((one) => !brought.has(one))).toEqual([])
          for (const { symbols, rows } of calls) {
            if (symbols === null) continue
            expect(rows).toBeLessThanOrEqual(other.capability.bySymbols?.rowCap ?? 0)
            expect(symbols.length).toBeLessThanOrEqual(other.capability.bySymbols?.maxSymbols ?? 0)
          }
        }
      }),
      runs,
    )
  })

  test('a region that is too large for a source splits into children with the same cells', () => {
    fc.assert(
      fc.property(elsewhere, limits, ([market, items, other], batch) => {
        for (const { region } of planRegions({ ...market, items })) {
          const children = splitRegion({ region, ...contextOf(other), ...batch })
          const cells = children.flatMap((child) => cellsOfRegion(child, market))
          expect(sorted(cells)).toEqual(sorted(cellsOfRegion(region, market)))
          for (const child of children) {
            const calls = callsOf(child, other)
            if (calls.length > 1) expect(calls.length).toBeLessThanOrEqual(batch.callsPerBatch)
          }
        }
      }),
      runs,
    )
  })

  test('a list is one call per part and a range of events one call', () => {
    const market = marketOf(sessionsFrom('2024-01-01', 3), [[0, null]])
    const list = callsOfRegion({ region: { kind: 'list' }, ...contextOf(market), parts: ['L', 'D', 'P'] })
    expect(list.map(({ part, from }) => [part, from])).toEqual([
      ['L', null],
      ['D', null],
      ['P', null],
    ])
    const region = { kind: 'range', from: '2024-01-01', to: '2024-06-30' } as const
    expect(callsOf(region, market)).toMatchObject([{ symbols: null, from: '2024-01-01', to: '2024-06-30' }])
  })
})

describe('remainingRegion', () => {
  test('keeps exactly what the committed calls did not bring, whoever made them', () => {
    const resumed = scenes.chain(([market, items]) =>
      fc.tuple(fc.constant(market), fc.constant(items), capabilities, fc.infiniteStream(fc.boolean())),
    )
    fc.assert(
      fc.property(resumed, ([market, items, capability, choices]) => {
        for (const { region } of planRegions({ ...market, items })) {
          const done = callsOf(region, { ...market, capability }).filter(() => choices.next().value)
          const rest = remainingRegion({
            region,
            done,
            calendar: market.calendar,
            instrumentsById: market.byId,
          })
          const brought = new Set(cellsOfCalls(done, market))
          const expected = cellsOfRegion(region, market).filter((one) => !brought.has(one))
          expect(sorted(rest ? cellsOfRegion(rest, market) : [])).toEqual(sorted(expected))
        }
      }),
      runs,
    )
  })

  test('a batch resumed on its own source needs no more calls than were left', () => {
    fc.assert(
      fc.property(scenes, fc.nat(5), ([market, items], count) => {
        for (const { region } of planRegions({ ...market, items })) {
          const calls = callsOf(region, market)
          const done = calls.slice(0, count)
          const rest = remainingRegion({
            region,
            done,
            calendar: market.calendar,
            instrumentsById: market.byId,
          })
          const left = rest ? callsOf(rest, market).length : 0
          expect(left).toBeLessThanOrEqual(Math.max(0, calls.length - count))
        }
      }),
      runs,
    )
  })

  test('a range of events continues after its committed days', () => {
    const market = marketOf(sessionsFrom('2024-01-01', 3), [[0, null]])
    const region = { kind: 'range', from: '2024-01-01', to: '2024-12-31' } as const
    const [half, rest] = bisectCall(callsOf(region, market)[0] ?? expect.fail()) ?? expect.fail()
    const options = { region, calendar: market.calendar, instrumentsById: market.byId }
    expect(remainingRegion({ ...options, done: [half] })).toEqual({
      kind: 'range',
      from: rest.from,
      to: rest.to,
    })
    expect(remainingRegion({ ...options, done: [half, rest] })).toBeNull()
  })
})

describe('bisectCall', () => {
  test.each([true, false])(
    'halves keep the cells down to single ones (calendar given: %s)',
    (withCalendar) => {
      fc.assert(
        fc.property(scenes, ([market, items]) => {
          for (const { region } of planRegions({ ...market, items }).slice(0, 2)) {
            for (const call of callsOf(region, market).slice(0, 3)) {
              const open = [call]
              const leaves: typeof open = []
              for (let next = open.pop(); next; next = open.pop()) {
                const halves = bisectCall(next, withCalendar ? market.calendar : undefined)
                if (halves) open.push(...halves)
                else leaves.push(next)
              }
              expect(sorted(cellsOfCalls(leaves, market))).toEqual(sorted(cellsOfCalls([call], market)))
              for (const { symbols, from, to } of leaves) {
                expect(symbols === null || symbols.length === 1).toBe(true)
                expect(from).toBe(to)
              }
            }
          }
        }),
        { numRuns: 60 },
      )
    },
  )

  test('a list cannot be halved', () => {
    expect(
      bisectCall({ dataset: 'stock_list', symbols: null, from: null, to: null, part: 'L', rows: 0 }),
    ).toBeNull()
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
