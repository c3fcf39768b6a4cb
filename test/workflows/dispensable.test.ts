import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SourceName } from '../../market/sources.ts'
import {
  after,
  DONE,
  fails,
  rests,
  seqsOn,
  triesOn,
  upOnceProbed,
  withoutTimes,
} from './scripted-activities.ts'
import { openStage, type Stage } from './scripted.ts'

/*
 * Datasets without which a run can end: they wait for their source until everything else is done.
 */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const SOURCES: SourceName[] = ['tushare', 'baostock']

describe('a dataset that runs can do without, of a source that is down', () => {
  const HOUR_MS = 3_600_000
  const suspensions = (...sources: SourceName[]) => [
    { dataset: 'suspension', open: [[1, 1]] as [number, number][], sources, dispensable: true as const },
  ]
  const later = [{ dataset: 'bars', open: [[2, 4]] as [number, number][], sources: SOURCES }]
  const stages = [suspensions('tushare'), later]

  test('is left for the end, and skipped there when the source was found down again', async () => {
    // The rest is long enough to be met by the planning of the bars, and they last until it was probed.
    let isProbed = false
    const { seen } = await stage.play({
      stages,
      batch: async ({ source }, signal) => {
        if (source === 'tushare') return rests(Date.now() + 2_000)
        do await after(50, DONE, signal)
        while (!isProbed)
        return DONE
      },
      probe: () => {
        isProbed = true
        return Date.now() + HOUR_MS
      },
    })
    expect(seqsOn(seen, 'baostock').toSorted()).toEqual([2, 3, 4])
    expect(seqsOn(seen, 'tushare')).toEqual([1])
    expect(seen.givenUp).toMatchObject([{ seq: 1, source: 'tushare', errorClass: 'SourceDown' }])
    expect(seen.givenUp[0]?.message).toBe('rested once and is still down: Transient: reset by peer')
    expect(seen.closed).toMatchObject({ outcome: 'finished' })
    expect(seen.log.map(withoutTimes)).toEqual([
      'warn: suspension is left for the end of the run: tushare rests',
      'warn: bars begins with baostock: tushare rests',
      'warn: no source is left for suspension: tushare is left out (SourceDown: rested once and is still down: Transient: reset by peer)',
    ])
  })

  test('is brought at the end when the source is up again', async () => {
    const { seen } = await stage.play({
      stages,
      ...upOnceProbed('tushare', 1_000),
    })
    expect(seen.tries.at(-1)).toMatchObject({ seq: 1, source: 'tushare', nth: 2 })
    expect(seen.steps).toEqual(['open', 'plan 0', 'plan 1', 'plan 0'])
    expect([seen.open.size, seen.givenUp]).toEqual([0, []])
  })

  test('costs no time when the source is known to rest for long', async () => {
    const { seen } = await stage.play({
      stages,
      resting: [{ source: 'tushare', site: 'server', untilMs: Date.now() + HOUR_MS, reason: 'Banned' }],
    })
    expect(triesOn(seen, 'tushare')).toEqual([])
    expect(seen.probes).toEqual([])
    expect(seen.givenUp).toMatchObject([
      {
        seq: 1,
        errorClass: 'SourceDown',
        message: expect.stringMatching(/^rests until .*Banned\)$/) as string,
      },
    ])
  })

  test('is waited for at the end while it may be a hiccup', async () => {
    const { seen } = await stage.play({
      stages,
      batch: ({ seq, nth }) => (seq === 1 && nth === 1 ? rests(Date.now() + 1_000) : DONE),
    })
    expect([seen.open.size, seen.givenUp]).toEqual([0, []])
    expect(seen.probes).toHaveLength(1)
  })

  test('is still brought by the next execution of a long run', async () => {
    const run = await stage.start(
      { stages, batch: ({ source, seq }) => (source === 'tushare' || seq > 1 ? DONE : fails('NotServed')) },
      { stage: 1, paused: false, postponed: [0] },
    )
    // The execution before this one had planned it.
    run.seen.open.add(1)
    run.seen.steps.push('plan 0')
    await run.end()
    expect(seqsOn(run.seen, 'tushare').toSorted()).toEqual([1, 2, 3, 4])
    expect(run.seen.tries.at(-1)?.seq).toBe(1)
  })

  test('is waited for where it is the only source of the run', async () => {
    const { seen } = await stage.play({
      stages: [suspensions('tushare'), [{ dataset: 'bars', open: [[2, 4]], sources: ['tushare'] }]],
      batch: ({ seq, nth }) => (seq === 1 && nth === 1 ? rests(Date.now() + 200) : DONE),
      probe: (_place, nth) => (nth < 3 ? Date.now() + 200 : null),
    })
    expect(seen.tries.map(({ seq }) => seq).slice(0, 2)).toEqual([1, 1])
    expect([seen.open.size, seen.givenUp]).toEqual([0, []])
    expect(seen.probes).toHaveLength(3)
  })

  test('does not keep a run whose sources are all down from waiting for them', async () => {
    let isUp = false
    const { seen } = await stage.play({
      stages,
      batch: () => (isUp ? DONE : rests(Date.now() + 100)),
      // The other one stays down: with it the bars could be through before this one is known to be up.
      probe: ({ source }, nth) => {
        isUp ||= source === 'tushare' && nth > 2
        return isUp && source === 'tushare' ? null : Date.now() + 200
      },
    })
    expect([seen.open.size, seen.givenUp]).toEqual([0, []])
    expect(seen.tries.at(-1)).toMatchObject({ seq: 1, source: 'tushare' })
  })
})
