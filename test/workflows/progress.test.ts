import { expect, test } from 'vitest'
import type { RunTotals } from '../../workflows/contract/messages.ts'
import { ProgressTracker } from '../../workflows/progress.ts'

/* How far a run is, as its `progress` query tells it. */

const COUNTS = { total: 1, done: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, errors: 0 }
const totals = (calls: number, cellsDone: number): RunTotals => ({
  ...COUNTS,
  calls,
  cellsDone,
  cellsTotal: 1_000,
})
const STATE: Parameters<ProgressTracker['describe']>[1] = {
  runId: 'r',
  job: 'weekly',
  state: 'running',
  stage: 'bars',
  currentRegions: [],
  source: null,
  resting: [],
}
const HOUR = 3_600_000

test('the time left is that of the present rate: a pause was no work, nor was what came before', () => {
  const tracker = new ProgressTracker()
  const at = (nowMs: number) => {
    const { percent, rate, etaSeconds } = tracker.describe(nowMs, STATE)
    return { percent, rate, etaSeconds }
  }
  tracker.update(totals(0, 100), 0)
  expect(at(0)).toEqual({ percent: 10, rate: 0, etaSeconds: null })
  tracker.update(totals(1, 200), 10_000)
  expect(at(10_000)).toEqual({ percent: 20, rate: 10, etaSeconds: 80 })
  tracker.goesOn(HOUR)
  expect(at(HOUR)).toEqual({ percent: 20, rate: 0, etaSeconds: null })
  tracker.update(totals(2, 400), HOUR + 10_000)
  // Of a batch that was sent before the last one.
  tracker.update(totals(1, 300), HOUR + 10_000)
  expect(at(HOUR + 10_000)).toEqual({ percent: 40, rate: 20, etaSeconds: 30 })
  tracker.update(totals(3, 1_000), HOUR + 20_000)
  expect(at(HOUR + 20_000)).toMatchObject({ percent: 100, etaSeconds: null })
})
