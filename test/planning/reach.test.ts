import { describe, expect, test } from 'vitest'
import { SessionCalendar } from '../../market/calendar.ts'
import type { ByDateReach, Capability } from '../../market/capability.ts'
import { callsOfRegion } from '../../planning/calls.ts'
import { marketFacts, newestReady, resolveCapability } from '../../planning/market-facts.ts'
import { planRegions } from '../../planning/plan.ts'
import type { Region, ResolvedCapability } from '../../planning/types.ts'
import { CAPABILITY, marketOf, sessionsFrom } from './market.ts'

// Wednesday to Friday, then the weekend and Monday.
const calendar = new SessionCalendar(['2024-01-03', '2024-01-04', '2024-01-05', '2024-01-08'])
const at = (beijing: string): Date => new Date(`${beijing}:00+08:00`)

describe('newestReady', () => {
  test.each([
    ['2024-01-05T16:59', '2024-01-04'],
    ['2024-01-05T17:00', '2024-01-05'],
    ['2024-01-07T23:00', '2024-01-05'],
    ['2024-01-08T00:10', '2024-01-05'],
    ['2024-01-03T12:00', null],
  ])('at %s it is %s', (now, expected) => {
    expect(newestReady(at(now), { readyTime: '17:00' }, calendar)).toBe(expected)
  })
})

describe('resolveCapability', () => {
  const resolve = (reach: ByDateReach, now: string, depth: string | null = null) => {
    const capability: Capability = { ...CAPABILITY, byDate: { rowCap: 9, maxDates: 2, reach } }
    return resolveCapability(capability, { now: at(now), calendar, depth }).byDate
  }

  test.each<[ByDateReach, string, string | null, { from: string; to: string } | null]>([
    ['history', '2024-01-05T18:00', null, { from: '1990-12-19', to: '2024-01-05' }],
    ['history', '2024-01-02T18:00', null, null],
    ['newest', '2024-01-05T18:00', null, { from: '2024-01-05', to: '2024-01-05' }],
    ['newest', '2024-01-07T12:00', null, { from: '2024-01-05', to: '2024-01-05' }],
    ['newest', '2024-01-08T08:29', null, { from: '2024-01-05', to: '2024-01-05' }],
    // A snapshot of Monday morning is not of Friday.
    ['newest', '2024-01-08T08:30', null, null],
    ['newest', '2024-01-08T16:59', null, null],
    ['newest', '2024-01-08T17:00', null, { from: '2024-01-08', to: '2024-01-08' }],
    ['sampled', '2024-01-05T18:00', '2024-01-04', { from: '2024-01-04', to: '2024-01-05' }],
    ['sampled', '2024-01-05T18:00', '1980-01-01', { from: '1990-12-19', to: '2024-01-05' }],
    ['sampled', '2024-01-05T18:00', '2024-01-08', null],
    ['sampled', '2024-01-05T18:00', null, null],
  ])('%s at %s with depth %s reaches %o', (reach, now, depth, dates) => {
    expect(resolve(reach, now, depth)).toEqual(dates && { rowCap: 9, maxDates: 2, ...dates })
  })

  test('a source without calls by date stays without', () => {
    const facts = { now: at('2024-01-05T18:00'), calendar, depth: '2024-01-03' }
    expect(resolveCapability({ ...CAPABILITY, byDate: null }, facts).byDate).toBeNull()
  })
})

describe('by date as far as it reaches', () => {
  const sessions = sessionsFrom('2024-01-01', 30)
  const newest = sessions.at(29)
  const capability: ResolvedCapability = {
    ...CAPABILITY,
    bySymbols: { maxSymbols: 1, rowCap: 1000 },
    byDate: { rowCap: 1000, maxDates: 1, from: newest, to: newest },
  }
  const market = marketOf(
    sessions,
    Array.from({ length: 8 }, () => [0, null]),
    capability,
  )
  const context = { dataset: 'bars' as const, instrumentsById: market.byId, ...market }
  const kinds = (region: Region, other = capability) =>
    callsOfRegion({ ...context, capability: other, region }).map(({ symbols, from, to }) => [
      symbols?.[0] ?? 'market',
      from,
      to,
    ])
  const items = (from: number, to: number) =>
    market.instruments.map((instrument) => ({
      instrument,
      ranges: [{ from: sessions.at(from), to: sessions.at(to) }],
    }))

  test('a missing evening of the whole market is one call', () => {
    expect(planRegions({ ...market, items: items(29, 29) })).toMatchObject([
      { calls: 1, region: { kind: 'market', dates: [newest] } },
    ])
  })

  test('older sessions are planned by symbols, with the newest in the same calls', () => {
    const batches = planRegions({ ...market, items: items(27, 29) })
    expect(batches).toMatchObject([{ calls: 8, region: { kind: 'symbols' } }])
  })

  test('of a region of the whole market what is out of reach goes by symbols', () => {
    const whole: Region = { kind: 'market', dates: [newest, sessions.at(28)] }
    expect(kinds(whole)).toEqual(market.instruments.map(({ symbol }) => [symbol, sessions.at(28), newest]))
    // Two far sessions are two calls of every symbol, of which by date saves one.
    const far: Region = { kind: 'market', dates: [newest, sessions.at(0)] }
    const small = { ...capability, bySymbols: { maxSymbols: 1, rowCap: 10 } }
    expect(kinds(far, small)).toEqual([
      ['market', newest, newest],
      ...market.instruments.map(({ symbol }) => [symbol, sessions.at(0), sessions.at(0)]),
    ])
  })

  test('a region of symbols goes by date where that takes fewer calls', () => {
    const dates = { from: newest, to: newest }
    const one: Region = {
      kind: 'symbols',
      ...dates,
      items: market.instruments.map(({ id }) => ({ id, ...dates })),
    }
    expect(kinds(one)).toEqual([['market', newest, newest]])
    const single: Region = { kind: 'symbols', ...dates, items: [{ id: 3, ...dates }] }
    expect(kinds(single)).toEqual([['000003.SZ', newest, newest]])
  })

  test('what can be asked neither way is refused, not forgotten', () => {
    const snapshot = { ...capability, bySymbols: null }
    const region: Region = { kind: 'market', dates: [newest, sessions.at(28)] }
    expect(() => kinds(region, snapshot)).toThrow(/neither by symbols nor by date/)
    expect(() => planRegions({ ...market, capability: snapshot, items: items(28, 29) })).toThrow(RangeError)
  })
})

describe('marketFacts', () => {
  const listed = { listDate: '2024-01-03', delistDate: null }
  const all = [
    { id: 1, symbol: '600000.SH', ...listed, stub: false },
    { id: 2, symbol: '000001.SZ', listDate: '2024-01-05', delistDate: null, stub: false },
    { id: 3, symbol: '920001.BJ', listDate: '2024-01-03', delistDate: '2024-01-05', stub: false },
    { id: 4, symbol: '600009.SH', listDate: null, delistDate: null, stub: true },
  ]
  const facts = marketFacts(calendar, all)

  test('the universe is what lists name; others are known by id and code', () => {
    expect(facts.instruments.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(facts.servedBy(['SSE', 'SZSE']).map(({ id }) => id)).toEqual([1, 2])
    expect([facts.byId.get(4)?.symbol, facts.bySymbol.get('600009.SH')?.id]).toEqual(['600009.SH', 4])
  })

  test('rows of the market are counted by exchange', () => {
    expect([0, 1, 2, 3].map((position) => facts.marketRows(position))).toEqual([2, 2, 2, 2])
    expect([0, 1, 2, 3].map((position) => facts.marketRows(position, ['SSE', 'SZSE']))).toEqual([1, 1, 2, 2])
  })
})
