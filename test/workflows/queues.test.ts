import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SourceName } from '../../market/sources.ts'
import { after, DONE, type Seen } from './scripted-activities.ts'
import { openStage, type Stage } from './scripted.ts'

/*
 * Sources whose task queue nobody polls, on the real server: a batch that is put there must not wait for ever.
 */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const LIMIT_MS = 1_000
const bars = (last: number, ...sources: SourceName[]) => [
  { dataset: 'bars', open: [[1, last]] as [number, number][], sources },
]
const seqsOn = (seen: Seen, source: SourceName) =>
  seen.tries.filter((each) => each.source === source).map(({ seq }) => seq)

test('batches go to the next source, with a reason, and nothing is held against the one without a worker', async () => {
  const startAgain = await stage.stopWorker('tushare')
  const { seen } = await stage.play({
    queueLimitMs: LIMIT_MS,
    stages: [
      [
        ...bars(6, 'tushare', 'baostock'),
        { dataset: 'adj_factor', open: [[7, 9]], sources: ['tushare', 'baostock'] },
      ],
    ],
  })
  await startAgain()
  expect(seqsOn(seen, 'baostock').toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(seen.tries.filter(({ isolate }) => isolate)).toEqual([])
  expect([seen.givenUp, seen.open.size]).toEqual([[], 0])
  expect(seen.log.toSorted()).toEqual([
    'warn: adj_factor goes on with baostock: no worker polls the queue of tushare',
    'warn: bars goes on with baostock: no worker polls the queue of tushare',
  ])
})

test('the source is gone back to once a worker is there', async () => {
  const startAgain = await stage.stopWorker('tushare')
  let isBack = false
  const run = await stage.start({
    queueLimitMs: LIMIT_MS,
    stages: [bars(8, 'tushare', 'baostock')],
    batch: async ({ source }, signal) => {
      if (source === 'baostock')
        do await after(50, DONE, signal)
        while (!isBack)
      return DONE
    },
    probe: () => {
      isBack = true
      return null
    },
  })
  await run.until(({ tries }) => tries.length > 0, 'a batch on baostock')
  const { resting } = await run.progress()
  await startAgain()
  await run.end()
  expect(resting).toMatchObject([{ source: 'tushare', reason: 'no worker polls the queue of tushare' }])
  expect(seqsOn(run.seen, 'baostock').length).toBeLessThan(4)
  expect(seqsOn(run.seen, 'tushare').length).toBeGreaterThan(4)
  expect(run.seen.probes).toEqual([{ source: 'tushare', site: 'server' }])
  expect(run.seen.log.at(-1)).toBe('info: tushare is up again: bars goes back to it')
})

test('while no source has a worker the run waits, and goes on with the first that has', async () => {
  const [startTushare, startBaostock] = [
    await stage.stopWorker('tushare'),
    await stage.stopWorker('baostock'),
  ]
  const run = await stage.start({ queueLimitMs: LIMIT_MS, stages: [bars(3, 'tushare', 'baostock')] })
  const waits =
    'warn: bars waits: no worker polls the queue of tushare; no worker polls the queue of baostock'
  await run.until(({ log }) => log.includes(waits), 'that both are missed')
  expect([run.seen.tries, run.seen.closed]).toEqual([[], null])
  await startBaostock()
  await run.end()
  await startTushare()
  expect(seqsOn(run.seen, 'baostock').toSorted()).toEqual([1, 2, 3])
  expect([run.seen.givenUp, run.seen.open.size]).toEqual([[], 0])
  expect(run.seen.closed).toMatchObject({ outcome: 'finished', message: null })
})

test('a worker that is merely busy is not taken for one that is gone', async () => {
  const startSmall = await stage.stopWorker('tushare')
  await startSmall({ maxConcurrentActivityTaskExecutions: 1 })
  const { seen } = await stage.play({
    queueLimitMs: 2 * LIMIT_MS,
    stages: [
      [
        ...bars(6, 'tushare', 'baostock'),
        { dataset: 'adj_factor', open: [[7, 12]], sources: ['tushare', 'baostock'] },
      ],
    ],
    // Eight are in its queue at once: the last one waits for longer than the limit.
    batch: (_batch, signal) => after(0.4 * LIMIT_MS, DONE, signal),
  })
  const startAgain = await stage.stopWorker('tushare')
  await startAgain()
  expect([seen.log, seen.probes]).toEqual([[], []])
  expect(seqsOn(seen, 'tushare').toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(seqsOn(seen, 'baostock')).toEqual([])
})

test('what a run can do without is done without where no worker is', async () => {
  const startAgain = await stage.stopWorker('tushare')
  const { seen } = await stage.play({
    queueLimitMs: LIMIT_MS,
    stages: [
      [{ dataset: 'suspension', open: [[9, 9]], sources: ['tushare'], dispensable: true }],
      bars(2, 'tushare', 'baostock'),
    ],
  })
  await startAgain()
  expect(seqsOn(seen, 'baostock').toSorted()).toEqual([1, 2])
  expect(seen.givenUp).toEqual([
    { seq: 9, source: 'tushare', errorClass: 'SourceDown', message: 'no worker polls the queue of tushare' },
  ])
})
