import { expect, test } from 'vitest'
import { estimatePlan, largestAnswer } from '../../planning/estimate.ts'
import type { ResolvedCapability } from '../../planning/types.ts'
import { ALWAYS, CAPABILITY, sessionsFrom } from './market.ts'

const part = (api: string, batches: [number, number][], largestAnswer: number | null = 6000) => ({
  api,
  budget: api,
  batches: batches.map(([calls, cells]) => ({ calls, cells })),
  largestAnswer,
  callsPerMinute: 200,
  callsPerDay: 100_000,
})

test('calls stand beside the fewest that could carry the cells', () => {
  const { apis } = estimatePlan([
    part('daily', [
      [30, 170_000],
      [5, 28_000],
    ]),
  ])
  expect(apis).toMatchObject([{ api: 'daily', calls: 35, cells: 198_000, lowerBound: 33, dayShare: 0.00035 }])
  expect(apis[0]?.ratio).toBeCloseTo(35 / 33)
})

test('parts of one api share its budget and apis run side by side', () => {
  const plan = estimatePlan([
    part('daily', [[100, 1]]),
    part('daily', [[300, 1]]),
    part('adj_factor', [[200, 1]]),
  ])
  expect(plan.apis.map(({ api, minutes }) => [api, minutes])).toEqual([
    ['daily', 2],
    ['adj_factor', 1],
  ])
  expect(plan).toMatchObject({ calls: 600, minutes: 2 })
})

test('apis that are counted together wait for each other', () => {
  const shared = (api: string, calls: number) => ({ ...part(api, [[calls, 1]]), budget: 'server' })
  const plan = estimatePlan([shared('bars', 100), shared('factors', 300), part('daily', [[200, 1]])])
  expect(plan.apis.map(({ api, minutes }) => [api, minutes])).toEqual([
    ['bars', 0.5],
    ['factors', 1.5],
    ['daily', 1],
  ])
  expect(plan.minutes).toBe(2)
})

test('what is over the quota of a day waits for the next one', () => {
  const scarce = { ...part('daily', [[450, 1]]), callsPerDay: 200 }
  // Two full days, and 50 calls on the third at 200 a minute.
  expect(estimatePlan([scarce])).toMatchObject({ minutes: 2 * 1_440 + 0.25, apis: [{ dayShare: 2.25 }] })
  expect(estimatePlan([{ ...scarce, callsPerDay: 450 }]).minutes).toBe(2.25)
})

test.each<[string, Partial<ResolvedCapability>, number | null]>([
  ['packed symbols fill an answer', {}, 6000],
  [
    'one symbol has no more rows than sessions',
    { bySymbols: { maxSymbols: 1, rowCap: 100_000 }, byDate: null },
    200,
  ],
  ['one symbol a call up to the cap', { bySymbols: { maxSymbols: 1, rowCap: 150 }, byDate: null }, 150],
  ['one session has no more rows than the market', { bySymbols: null }, 5000],
  [
    'a call by date of 20 requests brings a twentieth of the market with each',
    { bySymbols: null, byDate: { rowCap: 6000, maxDates: 1, cost: 20, ...ALWAYS } },
    250,
  ],
  ['some rows of sparse data', { sparse: true }, null],
])('the largest answer: %s', (_, differs, expected) => {
  const calendar = sessionsFrom('2024-01-01', 200)
  const range = { from: calendar.at(0), to: calendar.at(199) }
  const capability = { ...CAPABILITY, ...differs }
  expect(largestAnswer({ capability, range, calendar, marketRows: () => 5000 })).toBe(expected)
})

test('a list has no bound and an unlimited day no share', () => {
  const list = { ...part('stock_basic', [[3, 0]], null), callsPerDay: null }
  expect(estimatePlan([list]).apis).toEqual([
    { api: 'stock_basic', calls: 3, cells: 0, lowerBound: 0, ratio: null, minutes: 0.015, dayShare: null },
  ])
})

test('an empty plan costs nothing', () => {
  expect(estimatePlan([])).toEqual({ apis: [], calls: 0, cells: 0, minutes: 0 })
})
