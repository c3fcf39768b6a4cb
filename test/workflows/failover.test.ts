import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SourceName } from '../../market/sources.ts'
import { after, DONE, fails, rests, type Seen, seqsOn, triesOn, withoutTimes } from './scripted-activities.ts'
import { openStage, type ScriptedRun, type Stage } from './scripted.ts'

/*
 * One dataset, one source at a time: the best that is there.
 */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

function summariesOf(history: Awaited<ReturnType<ScriptedRun['handle']['fetchHistory']>>): string[] {
  return (history.events ?? []).flatMap(({ userMetadata }) => {
    const data = userMetadata?.summary?.data
    return data ? [JSON.parse(Buffer.from(data).toString()) as string] : []
  })
}

const bars = (last: number, ...sources: SourceName[]) => [
  { dataset: 'bars', open: [[1, last]] as [number, number][], sources },
]

test('the best source does everything, as many batches at once as it takes, newest first', async () => {
  let begun = 0
  const { seen } = await stage.play({
    stages: [bars(12, 'tushare', 'baostock')],
    // The first of them wait for each other.
    batch: async (_batch, signal) => {
      begun++
      do await after(30, DONE, signal)
      while (begun < 4)
      return DONE
    },
  })
  expect(seqsOn(seen, 'tushare').toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(seqsOn(seen, 'tushare').slice(0, 4).toSorted()).toEqual([1, 2, 3, 4])
  expect(seen.mostAtOnce.get('tushare')).toBe(4)
  expect(triesOn(seen, 'baostock')).toEqual([])
  expect(seen.log).toEqual([])
  expect(seen.closed).toMatchObject({ outcome: 'finished', message: null })
})

describe('a best source that goes down in the middle of 20 batches', () => {
  let seen: Seen
  let during: { resting: unknown; source: unknown; regions: string[] }
  let summaries: string[]
  let foundBy: unknown
  beforeAll(async () => {
    let isUp = false
    let isGoneBackTo = false
    let isLookedAt: () => void = () => undefined
    const look = new Promise<void>((resolve) => (isLookedAt = resolve))
    const run = await stage.start({
      stages: [bars(20, 'tushare', 'baostock')],
      batch: async ({ seq, source }, signal) => {
        if (source === 'tushare') {
          isGoneBackTo ||= isUp
          return isUp || seq <= 2 ? DONE : rests(Date.now() + 600)
        }
        // Three at its own pace; then it takes until the other one is gone back to, so that there is work left for that one.
        const isSlow = run.seen.tries.filter((each) => each.source === 'baostock').length > 3
        do await after(50, DONE, signal)
        while (isSlow && !isGoneBackTo)
        return DONE
      },
      probe: async (_place, nth) => {
        await look
        isUp = nth > 1
        return isUp ? null : Date.now() + 400
      },
    })
    await run.until(({ tries }) => tries.some(({ source }) => source === 'baostock'), 'baostock')
    const { resting, source, currentRegions } = await run.progress()
    during = { resting, source, regions: currentRegions }
    isLookedAt()
    await run.end()
    seen = run.seen
    summaries = summariesOf(await run.handle.fetchHistory())
    const { typedSearchAttributes } = await run.handle.describe()
    foundBy = typedSearchAttributes.getAll().find(({ key }) => key.name === 'SyncSource')?.value
  })

  test('its batches go at once to the next source, none of them isolating', () => {
    const failed = seen.tries.filter(({ seq, source }) => source === 'tushare' && seq > 2)
    expect(new Set(failed.map(({ seq }) => seq)).size).toBe(failed.length)
    expect(failed.map(({ seq }) => seq)).toContain(seqsOn(seen, 'baostock')[0])
    expect(seen.tries.filter(({ isolate }) => isolate)).toEqual([])
    expect(seen.open.size).toBe(0)
    expect(seen.givenUp).toEqual([])
  })

  test('it is probed once after each rest, and gets the rest of the batches when it is up', () => {
    expect(seen.probes).toEqual([
      { source: 'tushare', site: 'server' },
      { source: 'tushare', site: 'server' },
    ])
    expect(seqsOn(seen, 'baostock')).toHaveLength(4)
    // Six were begun when it went down, and up to three more before those came back; all the others waited.
    expect(seqsOn(seen, 'baostock').every((seq) => seq <= 9)).toBe(true)
    expect(seqsOn(seen, 'tushare').filter((seq) => seq > 9)).toHaveLength(11)
  })

  test('two lines tell the story, however many batches met it', () => {
    expect(seen.log).toEqual([
      expect.stringMatching(
        /^warn: bars goes on with baostock: tushare rests until (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d Beijing time \(Transient: reset by peer\)$/,
      ),
      'info: tushare is up again: bars goes back to it',
    ])
  })

  test('the progress shows who rests and who works', () => {
    expect(during).toMatchObject({
      resting: [{ source: 'tushare', site: 'server', reason: 'Transient: reset by peer' }],
      source: 'baostock',
      regions: expect.arrayContaining([expect.stringMatching(/^bars batch \d+ on baostock$/)]) as string[],
    })
  })

  test('the Web UI names each batch with its source, each probe, and finds the run by the newest source', () => {
    expect(summaries).toContain('bars batch 3 on tushare')
    expect(summaries).toContain(`bars batch ${seqsOn(seen, 'baostock')[0]} on baostock`)
    expect(summaries.filter((text) => text === 'probe of tushare server')).toHaveLength(2)
    expect(foundBy).toBe('tushare')
  })
})

test('a source that rests already when the run begins is not asked, and each dataset says so', async () => {
  const { seen } = await stage.play({
    stages: [
      [
        ...bars(4, 'tushare', 'baostock'),
        { dataset: 'adj_factor', open: [[7, 9]], sources: ['tushare', 'baostock'] },
      ],
    ],
    resting: [
      { source: 'tushare', site: 'server', untilMs: Date.now() + 3_600_000, reason: 'Banned: too many' },
    ],
  })
  expect(triesOn(seen, 'tushare')).toEqual([])
  expect(seen.log).toHaveLength(2)
  for (const dataset of ['bars', 'adj_factor'])
    expect(seen.log).toContainEqual(
      expect.stringMatching(`^warn: ${dataset} begins with baostock: tushare rests`),
    )
})

test('seven batches of two datasets that meet one outage are one rest, with one probe', async () => {
  let until = 0
  const run = await stage.start({
    stages: [[...bars(4, 'tushare'), { dataset: 'adj_factor', open: [[7, 9]], sources: ['tushare'] }]],
    batch: ({ nth }) => (nth === 1 ? rests((until ||= Date.now() + 300)) : DONE),
    // A failure that the run hears of only after this would be the next rest.
    probe: async () => {
      await run.untilIdle()
      return null
    },
  })
  await run.end()
  const { seen } = run
  expect(seen.tries).toHaveLength(14)
  expect(seen.probes).toHaveLength(1)
  expect(seen.log).toHaveLength(4)
})

test('a run ends without waiting for a rest that nobody needs, and does not probe', async () => {
  const { seen } = await stage.play({
    stages: [bars(5, 'tushare', 'baostock')],
    batch: ({ source }) => (source === 'tushare' ? rests(Date.now() + 3_600_000) : DONE),
  })
  expect(seen.open.size).toBe(0)
  expect(seen.probes).toEqual([])
})

test('sites rest apart: what is behind another one goes on there', async () => {
  const at = (site: string, fallback: SourceName) => [{ source: 'akshare' as const, site }, fallback]
  const { seen } = await stage.play({
    stages: [
      [
        { dataset: 'bars', open: [[1, 3]], sources: at('eastmoney', 'baostock') },
        { dataset: 'adj_factor', open: [[4, 6]], sources: at('sina', 'baostock') },
      ],
    ],
    batch: ({ seq, source }) => (source === 'akshare' && seq < 4 ? rests(Date.now() + 3_600_000) : DONE),
  })
  expect(seqsOn(seen, 'akshare').toSorted()).toEqual([1, 4, 5, 6])
  expect(seqsOn(seen, 'baostock').toSorted()).toEqual([1, 2, 3])
})

test('when all rest, the first that is up again gets the batches', async () => {
  let isUp = false
  const { seen } = await stage.play({
    stages: [bars(3, 'tushare', 'baostock')],
    batch: ({ source }) => {
      if (source === 'tushare') return rests(Date.now() + 3_600_000)
      return isUp ? DONE : rests(Date.now() + 500)
    },
    probe: () => {
      isUp = true
      return null
    },
  })
  expect(seen.open.size).toBe(0)
  expect(seen.probes).toEqual([{ source: 'baostock', site: 'server' }])
  expect(seen.log.map(withoutTimes)).toEqual([
    'warn: bars goes on with baostock: tushare rests',
    'warn: bars waits: tushare rests; baostock rests',
    'info: baostock is up again: bars goes on',
  ])
})

describe('a source that is alone', () => {
  test('is waited for, and the batch that it failed on is then isolated', async () => {
    const { seen } = await stage.play({
      stages: [bars(3, 'tushare')],
      batch: ({ seq, isolate }) => (seq === 2 && !isolate ? rests(Date.now() + 500) : DONE),
      probe: (_place, nth) => (nth === 1 ? Date.now() + 300 : null),
    })
    expect(seen.tries.filter(({ seq }) => seq === 2)).toEqual([
      { seq: 2, source: 'tushare', isolate: false, nth: 1 },
      { seq: 2, source: 'tushare', isolate: true, nth: 2 },
    ])
    expect(seen.probes).toHaveLength(2)
    expect(seen.open.size).toBe(0)
  })

  test('is probed before it isolates, even when nothing said that it rests', async () => {
    const { seen } = await stage.play({
      stages: [bars(1, 'tushare')],
      batch: ({ isolate }) => (isolate ? DONE : fails('Transient')),
    })
    expect(seen.probes).toHaveLength(1)
    expect(seen.tries.map(({ isolate }) => isolate)).toEqual([false, true])
    expect(seen.log).toEqual([])
  })

  test('is done with a batch that fails three times though it is up', async () => {
    const { seen } = await stage.play({
      stages: [bars(3, 'tushare')],
      batch: ({ seq }) => (seq === 2 ? fails('Transient', 'always') : DONE),
    })
    expect(seen.tries.filter(({ seq }) => seq === 2)).toHaveLength(3)
    expect(seen.givenUp).toEqual([{ seq: 2, source: 'tushare', errorClass: 'Transient', message: 'always' }])
    expect(seen.closed?.outcome).toBe('finished')
  })
})

test('a batch on which a source fails again after it was found up goes to another one, and only that batch', async () => {
  const run = await stage.start({
    stages: [bars(6, 'tushare', 'baostock')],
    resting: [{ source: 'baostock', site: 'server', untilMs: Date.now() + 300, reason: 'busy' }],
    batch: ({ seq, source }) => (seq === 5 && source === 'tushare' ? rests(Date.now() + 200) : DONE),
    // baostock is away until tushare has failed twice: so the batch has to come back to tushare.
    probe: ({ source }) => {
      const failures = run.seen.tries.filter(({ seq }) => seq === 5).length
      return source === 'baostock' && failures < 2 ? Date.now() + 200 : null
    },
  })
  await run.end()
  expect(run.seen.tries.filter(({ seq }) => seq === 5)).toEqual([
    { seq: 5, source: 'tushare', isolate: false, nth: 1 },
    { seq: 5, source: 'tushare', isolate: false, nth: 2 },
    { seq: 5, source: 'baostock', isolate: false, nth: 1 },
  ])
  expect(seqsOn(run.seen, 'baostock')).toEqual([5])
  expect(run.seen.givenUp).toEqual([])
})
