import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SourceCall } from '../../market/capability.ts'
import type { TradeDate } from '../../market/date.ts'
import { callsOfRegion, remainingRegion } from '../../planning/calls.ts'
import { planRegions } from '../../planning/plan.ts'
import type { DateRange } from '../../planning/types.ts'
import { MARKET_ID, subtractCovered } from '../../planning/wanted.ts'
import type { SourceCoverage } from '../../planning/wanted.ts'
import { capabilities, cellsOfItems, markets } from './market.ts'
import type { Market } from './market.ts'

const wantedOf = ({ instruments, calendar }: Market, covered: SourceCoverage[]) => {
  const range = { from: calendar.at(0), to: calendar.at(calendar.length - 1) }
  return subtractCovered({ instruments, range, calendar, covered })
}

/** What the database would hold after calls were committed. */
function coverageOf(calls: readonly SourceCall[], { byId }: Market): SourceCoverage {
  const ids = new Map([...byId.values()].map(({ id, symbol }) => [symbol, id]))
  const ranges = new Map<number, DateRange[]>()
  for (const { symbols, from, to } of calls) {
    if (from === null || to === null) continue
    for (const id of symbols?.map((symbol) => ids.get(symbol) ?? -1) ?? [MARKET_ID]) {
      ranges.set(id, [...(ranges.get(id) ?? []), { from, to }])
    }
  }
  return { ranges, holes: new Map(), serves: () => true }
}

/** A market that was whole once and then lost single cells, whole sessions and whole stocks. */
const damaged = markets.chain((market) => {
  const { calendar, instruments } = market
  const dates = fc.array(
    fc.nat(calendar.length - 1).map((position) => calendar.at(position)),
    { maxLength: 4 },
  )
  return fc.record({
    market: fc.constant(market),
    other: capabilities,
    whole: fc.subarray(instruments.map(({ id }) => id)),
    holes: fc
      .array(fc.tuple(fc.nat(instruments.length), dates))
      .map((pairs) => new Map<number, TradeDate[]>(pairs)),
    interrupted: fc.nat(6),
  })
})

const damagedCoverage = (
  { calendar }: Market,
  whole: number[],
  holes: Map<number, TradeDate[]>,
): SourceCoverage => ({
  ranges: new Map(whole.map((id) => [id, [{ from: calendar.at(0), to: calendar.at(calendar.length - 1) }]])),
  holes,
  serves: () => true,
})

test('any damage is healed by the calls of one plan', () => {
  fc.assert(
    fc.property(damaged, ({ market, whole, holes }) => {
      const before = damagedCoverage(market, whole, holes)
      const plan = planRegions({ ...market, items: wantedOf(market, [before]) })
      const calls = plan.flatMap(({ region }) =>
        callsOfRegion({ region, dataset: 'bars', instrumentsById: market.byId, ...market }),
      )
      expect(wantedOf(market, [before, coverageOf(calls, market)])).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('a batch that one source began and another ended leaves no cell out', () => {
  fc.assert(
    fc.property(damaged, ({ market, other, whole, holes, interrupted }) => {
      const before = damagedCoverage(market, whole, holes)
      const context = { dataset: 'bars' as const, instrumentsById: market.byId, ...market }
      const calls = planRegions({ ...market, items: wantedOf(market, [before]) }).flatMap(({ region }) => {
        const done = callsOfRegion({ region, ...context }).slice(0, interrupted)
        const rest = remainingRegion({ region, done, ...context })
        return [...done, ...(rest ? callsOfRegion({ ...context, region: rest, capability: other }) : [])]
      })
      const left = wantedOf(market, [before, coverageOf(calls, market)])
      expect(cellsOfItems(left, market.calendar)).toEqual([])
    }),
    { numRuns: 300 },
  )
})
