import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SourceName } from '../../market/sources.ts'
import { after, DONE, fails, rests, seqsOn, upOnceProbed } from './scripted-activities.ts'
import { openStage, type Stage } from './scripted.ts'

/*
 * Several sources at once: over one list of batches, or each doing everything.
 */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const ALL: SourceName[] = ['tushare', 'akshare', 'baostock']
const bars = (first: number, last: number, ...sources: SourceName[]) => ({
  dataset: 'bars',
  open: [[first, last]] as [number, number][],
  sources,
})
const HOUR_MS = 3_600_000

describe('parallel', () => {
  test('the faster source takes more, each batch is done once, and all end', async () => {
    const pace = { tushare: 30, akshare: 700, baostock: 150 }
    const { seen } = await stage.play({
      mode: 'parallel',
      stages: [[bars(1, 60, ...ALL)]],
      batch: ({ source }, signal) => after(pace[source], DONE, signal),
    })
    const counts = ALL.map((source) => seqsOn(seen, source).length)
    expect(seen.tries.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    )
    expect(counts[0]).toBeGreaterThan(counts[2] ?? 0)
    expect(counts[2]).toBeGreaterThan(counts[1] ?? 0)
    expect(counts[1]).toBeGreaterThan(0)
    expect(Object.fromEntries(seen.mostAtOnce)).toEqual({ tushare: 4, akshare: 1, baostock: 1 })
    expect(seen.log).toEqual([])
  })

  test('a source that dies leaves its batch to the others, which end without it', async () => {
    const { seen } = await stage.play({
      mode: 'parallel',
      stages: [[bars(1, 20, ...ALL)]],
      batch: ({ source }, signal) =>
        source === 'baostock' ? rests(Date.now() + HOUR_MS, 'connection refused') : after(30, DONE, signal),
    })
    expect(seen.open.size).toBe(0)
    expect(seqsOn(seen, 'baostock')).toHaveLength(1)
    expect(seen.probes).toEqual([])
    expect(seen.log).toEqual([
      expect.stringMatching(/^warn: bars goes on with tushare and akshare: baostock rests/),
    ])
  })

  test('a source that rested takes part again when a probe found it up', async () => {
    const { seen } = await stage.play({
      mode: 'parallel',
      stages: [[bars(1, 12, 'akshare', 'baostock')]],
      ...upOnceProbed('baostock', 300),
    })
    expect(seen.open.size).toBe(0)
    expect(seqsOn(seen, 'baostock').length).toBeGreaterThan(1)
    expect(seen.log.at(-1)).toBe('info: baostock is up again: it takes part in bars again')
  })
})

describe('all', () => {
  test('every source does its own batches, side by side', async () => {
    const { seen } = await stage.play({
      mode: 'all',
      stages: [[bars(1, 5, 'tushare'), bars(6, 10, 'akshare'), bars(11, 15, 'baostock')]],
    })
    expect(ALL.map((source) => seqsOn(seen, source).toSorted((a, b) => a - b))).toEqual([
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10],
      [11, 12, 13, 14, 15],
    ])
  })

  test('a source that is down after three rests is given up, and the data of the others stands', async () => {
    const { seen } = await stage.play({
      mode: 'all',
      stages: [[bars(1, 3, 'tushare'), bars(4, 6, 'baostock')]],
      batch: ({ source }) => (source === 'baostock' ? rests(Date.now() + 100) : DONE),
      probe: () => Date.now() + 100,
    })
    expect(seen.probes).toHaveLength(3)
    expect(seen.givenUp.map(({ seq }) => seq).toSorted()).toEqual([4, 5, 6])
    expect(seen.givenUp[0]).toMatchObject({
      source: 'baostock',
      errorClass: 'SourceDown',
      message: 'rested 3 times in a row and is still down: Transient: reset by peer',
    })
    expect(seqsOn(seen, 'tushare')).toHaveLength(3)
    expect(seen.closed).toMatchObject({ outcome: 'finished' })
    expect(seen.log.at(-1)).toBe(
      'warn: bars is done without baostock: SourceDown: rested 3 times in a row and is still down: Transient: reset by peer',
    )
  })

  test('a source that serves between its rests is waited for each time', async () => {
    const { seen } = await stage.play({
      mode: 'all',
      stages: [[bars(1, 4, 'baostock')]],
      batch: ({ nth }) => (nth === 1 ? rests(Date.now() + 50) : DONE),
    })
    expect(seen.givenUp).toEqual([])
    expect(seen.probes).toHaveLength(4)
  })

  test('a refused account costs its own source only', async () => {
    const { seen } = await stage.play({
      mode: 'all',
      stages: [[bars(1, 3, 'tushare'), bars(4, 6, 'baostock')]],
      batch: ({ source }) => (source === 'tushare' ? fails('AuthFailed', '40101') : DONE),
    })
    expect(seen.givenUp.map(({ seq, errorClass }) => `${seq} ${errorClass}`).toSorted()).toEqual([
      '1 AuthFailed',
      '2 AuthFailed',
      '3 AuthFailed',
    ])
    expect(seen.log).toEqual([
      expect.stringMatching(/^error: tushare is left out of this run: AuthFailed: 40101/),
    ])
    expect(seqsOn(seen, 'baostock')).toHaveLength(3)
    expect(seen.closed).toMatchObject({ outcome: 'finished' })
  })
})
