import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SourceName } from '../../market/sources.ts'
import { after, DONE, rests, type Outcome } from './scripted-activities.ts'
import { openStage, type Stage } from './scripted.ts'

/*
 * Pause, cancel, the lock and continue-as-new, while sources rest or wait.
 */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const bars = (last: number, ...sources: SourceName[]) => [
  { dataset: 'bars', open: [[1, last]] as [number, number][], sources },
]
const MINUTE_MS = 60_000
const resting = (source: SourceName, ms: number) => ({
  source,
  site: 'server',
  untilMs: Date.now() + ms,
  reason: 'Banned: 10001011',
})

describe('a cancel', () => {
  test('during a rest ends the run before the rest is over', async () => {
    const run = await stage.start({
      stages: [bars(3, 'tushare')],
      batch: () => rests(Date.now() + 10 * MINUTE_MS),
    })
    await run.until(({ log }) => log.length === 1, 'the rest')
    await run.handle.cancel()
    expect(await run.end()).toMatchObject({ status: 'cancelled' })
  })

  test('by signal, during a probe that hangs, ends it before the probe ends', async () => {
    let answer: (until: null) => void = () => undefined
    const run = await stage.start({
      stages: [bars(3, 'tushare')],
      resting: [resting('tushare', 0)],
      // As one that hangs in a connect: it hears of no cancel.
      probe: () => new Promise<null>((resolve) => (answer = resolve)),
    })
    await run.until(({ probes }) => probes.length === 1, 'the probe')
    await run.handle.signal('cancel')
    expect(await run.end()).toMatchObject({ status: 'cancelled' })
    answer(null)
  })
})

test('a probe that meets a bug fails the run, for a place that nobody probes would be waited for for ever', async () => {
  const run = await stage.start({
    stages: [bars(3, 'tushare')],
    resting: [resting('tushare', 0)],
    probe: () => {
      throw new TypeError('a bug')
    },
  })
  expect(await run.end()).toMatchObject({
    status: 'failed',
    message: 'probeSource: a bug. What to do: report this, it is a bug.',
  })
})

describe('a pause', () => {
  test('during a rest gives the lock back and asks nobody, until a resume', async () => {
    let isUp = false
    const run = await stage.start({
      stages: [bars(2, 'tushare')],
      resting: [resting('tushare', 500)],
      probe: () => (isUp ? null : Date.now() + 500),
    })
    await run.until(({ log }) => log.length === 1, 'the rest')
    await run.handle.signal('pause')
    await run.until(({ steps }) => steps.includes('paused: paused by request'), 'the pause')
    const asked = run.seen.probes.length
    // Long enough for the rest to be over: what is to be seen is that nothing happens then.
    await sleep(2_000)
    expect(run.seen.probes).toHaveLength(asked)
    isUp = true
    await run.handle.signal('resume')
    await run.end()
    expect(run.seen.probes).toHaveLength(asked + 1)
    expect(run.seen.steps.at(-1)).toBe('lock taken again')
    expect(run.seen.open.size).toBe(0)
  })

  test('stops all batches in flight, and each goes on after it, once', async () => {
    let isPaused = false
    const run = await stage.start({
      stages: [bars(6, 'tushare', 'baostock')],
      batch: ({ nth }, signal) => (nth === 1 && !isPaused ? after(30_000, DONE, signal) : DONE),
    })
    await run.until(({ tries }) => tries.length === 4, 'four batches')
    isPaused = true
    await run.handle.signal('pause')
    await run.until(({ steps }) => steps.includes('paused: paused by request'), 'the pause')
    await run.handle.signal('resume')
    await run.end()
    const seqs = run.seen.tries.map(({ seq }) => seq)
    expect(seqs.slice(0, 4).toSorted()).toEqual([1, 2, 3, 4])
    expect(seqs.slice(4).toSorted()).toEqual([1, 2, 3, 4, 5, 6])
    expect(run.seen.open.size).toBe(0)
  })
})

describe('the lock', () => {
  const later = (ms: number): Outcome => ({
    kind: 'wait',
    untilMs: Date.now() + ms,
    reason: 'quota of the day',
  })

  test('is given back when all sources rest for long, with the reasons', async () => {
    const run = await stage.start({
      stages: [bars(3, 'tushare', 'baostock')],
      resting: [resting('tushare', 40 * MINUTE_MS), resting('baostock', 20 * MINUTE_MS)],
    })
    await run.until(({ steps }) => steps.length === 3, 'the lock given back')
    expect(run.seen.steps[2]).toMatch(
      /^waiting: no source can be asked: tushare rests until .* \(Banned: 10001011\); baostock rests until .*; goes on at \d{4}-\d\d-\d\dT/,
    )
    expect(await run.untilWaiting()).toMatchObject({
      resting: [{ source: 'tushare' }, { source: 'baostock' }],
    })
    await run.handle.cancel()
    expect(await run.end()).toMatchObject({ status: 'cancelled' })
    expect(run.seen.tries).toEqual([])
  })

  test('is given back when a source stays down over many short rests, and the run goes on when it is up', async () => {
    let isUp = false
    const run = await stage.start({
      stages: [bars(2, 'tushare')],
      longWaitMs: 4_000,
      batch: () => (isUp ? DONE : { kind: 'resting', untilMs: Date.now() + 400, reason: 'Transient: reset' }),
      probe: () => (isUp ? null : Date.now() + 400),
    })
    await run.until(({ steps }) => steps.length === 3, 'the lock given back')
    expect(run.seen.steps[2]).toMatch(/^waiting: no source can be asked: tushare rests until/)
    // Each rest was a short one. On a fast machine there are ten of them, on a busy one there may be two.
    expect(run.seen.probes.length).toBeGreaterThan(0)
    await run.untilWaiting()
    isUp = true
    expect(await run.end()).toMatchObject({ status: 'success' })
    expect(run.seen.steps.slice(-2)).toEqual(['lock wanted', 'lock taken again'])
    expect(run.seen.open.size).toBe(0)
  })

  test('is given back when one rests and the budget of the other is used up', async () => {
    const run = await stage.start({
      stages: [bars(3, 'tushare', 'baostock')],
      resting: [resting('baostock', 20 * MINUTE_MS)],
      batch: () => later(30 * MINUTE_MS),
    })
    await run.until(({ steps }) => steps.length === 3, 'the lock given back')
    expect(run.seen.steps[2]).toContain('tushare has no calls left until')
    await run.handle.cancel()
    await run.end()
  })

  test('is kept while one dataset can go on', async () => {
    let meanwhile: string[] = []
    const run = await stage.start({
      stages: [[...bars(3, 'tushare'), { dataset: 'adj_factor', open: [[4, 4]], sources: ['baostock'] }]],
      batch: async ({ source }, signal) => {
        if (source === 'tushare') return later(30 * MINUTE_MS)
        await after(1_500, DONE, signal)
        meanwhile = [...run.seen.steps]
        return DONE
      },
    })
    await run.until(({ steps }) => steps.length === 3, 'the lock given back')
    expect(meanwhile).toEqual(['open', 'plan 0'])
    expect(run.seen.steps[2]).toMatch(/^waiting: the budget is used up; goes on at \d{4}-/)
    await run.handle.cancel()
    await run.end()
  })

  test('a pause and a resume while it is given back leave the run waiting as before', async () => {
    const run = await stage.start({
      stages: [bars(3, 'tushare')],
      resting: [resting('tushare', 20 * MINUTE_MS)],
    })
    await run.until(({ steps }) => steps.length === 3, 'the lock given back')
    await run.handle.signal('pause')
    await run.until(({ steps }) => steps.length === 4, 'the pause')
    await run.handle.signal('resume')
    await run.until(({ steps }) => steps.length === 7, 'waiting again')
    expect(run.seen.steps.slice(2).map((step) => step.split(':')[0])).toEqual([
      'waiting',
      'paused',
      'lock wanted',
      'lock taken again',
      'waiting',
    ])
    await run.handle.cancel()
    await run.end()
  })

  test('is taken first by an execution that goes on for one that had given it back', async () => {
    let letGo: () => void = () => undefined
    const otherRun = new Promise<void>((resolve) => (letGo = resolve))
    const run = await stage.start(
      { stages: [bars(3, 'tushare')], takeLock: () => otherRun },
      { stage: 0, paused: false, waiting: true },
    )
    await run.until(({ steps }) => steps.includes('open') && steps.includes('lock wanted'), 'the question')
    // What is to be seen is that it does not plan, which it would do at once.
    await sleep(500)
    expect(run.seen.steps.toSorted()).toEqual(['lock wanted', 'open'])
    letGo()
    await run.end()
    expect(run.seen.steps.slice(2)).toEqual(['lock taken again', 'plan 0'])
  })
})

describe('a run that another job goes before', () => {
  test('brings what is in hand to its end, starts nothing, gives the lock back, and goes on when it has it again', async () => {
    let letGo: () => void = () => undefined
    const otherRun = new Promise<void>((resolve) => (letGo = resolve))
    let inHand = 0
    const run = await stage.start({
      stages: [bars(40, 'tushare')],
      batch: async ({ seq }, signal) => {
        inHand++
        const outcome = await after(seq > 30 ? 50 : 200, DONE, signal).finally(() => inHand--)
        return seq > 30 ? { ...outcome, goesFirst: 'weekly' } : outcome
      },
      takeLock: async () => {
        expect(inHand).toBe(0)
        await otherRun
      },
    })
    await run.until(({ steps }) => steps.includes('lock wanted'), 'the wish for the lock')
    const tries = run.seen.tries.length
    expect(tries).toBeLessThan(40)
    expect(run.seen.steps).toContain('waiting: gives way to weekly')
    await run.untilWaiting()
    expect(run.seen.tries).toHaveLength(tries)
    letGo()
    expect((await run.end()).status).toBe('success')
    expect(run.seen.tries.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    )
  })

  test('can be paused while it waits, and resumed', async () => {
    let wishes = 0
    const run = await stage.start({
      stages: [bars(12, 'tushare')],
      batch: ({ seq }) => (seq === 1 ? { ...DONE, goesFirst: 'weekly' } : DONE),
      takeLock: async (signal) => {
        if (++wishes === 1) await sleep(60_000, undefined, { signal })
      },
    })
    await run.until(({ steps }) => steps.includes('lock wanted'), 'the wish for the lock')
    await run.handle.signal('pause')
    await run.until(({ steps }) => steps.includes('paused: paused by request'), 'the pause')
    await run.handle.signal('resume')
    expect((await run.end()).status).toBe('success')
    expect(run.seen.steps.slice(2)).toEqual([
      'waiting: gives way to weekly',
      'lock wanted',
      'paused: paused by request',
      'lock wanted',
      'lock taken again',
    ])
  })
})

test('a long run goes on in a new execution, which asks anew who rests', async () => {
  let triesOfTheNext = 0
  const run = await stage.start({
    stages: [bars(900, 'tushare', 'baostock')],
    resting: [resting('tushare', 1_500)],
    batch: () => {
      if (run.seen.steps.filter((step) => step === 'open').length > 1) triesOfTheNext++
      return DONE
    },
  })
  await run.end()
  expect(triesOfTheNext).toBeGreaterThan(0)
  expect(run.seen.open.size).toBe(0)
  expect(run.seen.tries.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 900 }, (_, i) => i + 1),
  )
})

test('every one of these histories replays', async () => {
  const histories = await stage.histories()
  expect(histories.length).toBeGreaterThan(8)
  for (const { history } of histories)
    await Worker.runReplayHistory({ workflowBundle: stage.bundle }, history)
})
