import { expect, test } from 'vitest'
import { estimatePlan } from '../../planning/estimate.ts'

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

test('a list has no bound and an unlimited day no share', () => {
  const list = { ...part('stock_basic', [[3, 0]], null), callsPerDay: null }
  expect(estimatePlan([list]).apis).toEqual([
    { api: 'stock_basic', calls: 3, cells: 0, lowerBound: 0, ratio: null, minutes: 0.015, dayShare: null },
  ])
})

test('an empty plan costs nothing', () => {
  expect(estimatePlan([])).toEqual({ apis: [], calls: 0, cells: 0, minutes: 0 })
})
