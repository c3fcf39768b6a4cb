import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bisectCall,
  callsOfRegion,
  remainingRegion,
  requestCount,
  splitRegion,
} from '../../planning/calls.ts'
import { planRegions } from '../../planning/plan.ts'
import type { Region } from '../../planning/types.ts'
import {
  capabilities,
  cellsOfCalls,
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
            // One session of the whole market is not cut: it may be as many requests as it has pages, or as they count for.
            const { rowCap = Infinity, cost = 1 } = other.capability.byDate ?? {}
            const most = Math.max(batch.callsPerBatch, Math.ceil(other.instruments.length / rowCap) * cost)
            if (calls.length > 1) expect(calls.length).toBeLessThanOrEqual(most)
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

  test('a batch resumed on its own source needs no more requests than were left', () => {
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
          const left = rest ? requestCount(callsOf(rest, market), market.capability) : 0
          expect(left).toBeLessThanOrEqual(requestCount(calls.slice(count), market.capability))
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
