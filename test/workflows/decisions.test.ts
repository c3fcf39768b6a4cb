import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SourceName } from '../../market/sources.ts'
import { after, DONE, fails, rests, type Outcome, type Seen } from './scripted-activities.ts'
import { openStage, type Stage } from './scripted.ts'

/*
 * What follows from each outcome of a batch, with another source and without one.
 */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const bars = (last: number, ...sources: SourceName[]) => [
  { dataset: 'bars', open: [[1, last]] as [number, number][], sources },
]
const seqsOn = (seen: Seen, source: SourceName) =>
  seen.tries.filter((each) => each.source === source).map(({ seq }) => seq)
const MINUTE_MS = 60_000

describe('a refused batch', () => {
  test('goes to the next source, and its own source goes on with the others', async () => {
    const { seen } = await stage.play({
      stages: [bars(12, 'tushare', 'baostock')],
      batch: ({ seq, source }, signal) =>
        after(
          seq < 7 ? 5 : 30,
          seq > 6 && seq < 9 && source === 'tushare' ? fails('BadRequest') : DONE,
          signal,
        ),
    })
    expect(seqsOn(seen, 'baostock').toSorted()).toEqual([7, 8])
    expect(seqsOn(seen, 'tushare')).toHaveLength(12)
    expect(seen.probes).toEqual([])
    expect(seen.tries.filter(({ isolate }) => isolate)).toEqual([])
  })

  test('is isolated when no other source is there', async () => {
    const { seen } = await stage.play({
      stages: [bars(1, 'tushare')],
      batch: ({ isolate }) => (isolate ? DONE : fails('SchemaDrift')),
    })
    expect(seen.tries.map(({ isolate }) => isolate)).toEqual([false, true])
    expect(seen.givenUp).toEqual([])
  })

  test('after batch a source that refuses everything is left out, with one line', async () => {
    const { seen } = await stage.play({
      stages: [bars(12, 'tushare', 'baostock')],
      batch: ({ source }) => (source === 'tushare' ? fails('SchemaDrift', 'no column close') : DONE),
    })
    expect(seqsOn(seen, 'tushare').length).toBeLessThanOrEqual(6)
    expect(seqsOn(seen, 'baostock').toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ])
    expect(seen.log).toEqual([
      'warn: bars goes on with baostock: tushare is left out (SchemaDrift: no column close)',
    ])
  })
})

describe('an interface that the account may not call', () => {
  const denied = ({ source }: { source: SourceName }): Outcome =>
    source === 'tushare' ? fails('PermissionDenied', 'needs 2000 points') : DONE

  test('is left to the other sources, with one line', async () => {
    const { seen } = await stage.play({ stages: [bars(8, 'tushare', 'baostock')], batch: denied })
    expect(seqsOn(seen, 'tushare').toSorted()).toEqual([1, 2, 3, 4])
    expect(seen.open.size).toBe(0)
    expect(seen.log).toEqual([
      'warn: bars goes on with baostock: tushare is left out (PermissionDenied: needs 2000 points)',
    ])
  })

  test('does not touch other datasets of the source', async () => {
    const { seen } = await stage.play({
      stages: [
        [
          ...bars(3, 'tushare', 'baostock'),
          { dataset: 'adj_factor', open: [[4, 8]], sources: ['tushare', 'baostock'] },
        ],
      ],
      batch: ({ seq, source }) => (seq < 4 ? denied({ source }) : DONE),
    })
    expect(seqsOn(seen, 'tushare').filter((seq) => seq > 3)).toHaveLength(5)
  })

  test('gives the whole dataset up when nobody else has it', async () => {
    const { seen } = await stage.play({ stages: [bars(9, 'tushare')], batch: denied })
    expect(seen.givenUp.map(({ seq }) => seq).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(new Set(seen.givenUp.map(({ errorClass }) => errorClass))).toEqual(new Set(['PermissionDenied']))
    expect(seen.tries.length).toBeLessThanOrEqual(4)
    expect(seen.closed).toMatchObject({ outcome: 'finished' })
  })
})

describe('a refused account', () => {
  const refused = ({ source }: { source: SourceName }): Outcome =>
    source === 'tushare' ? fails('AuthFailed', '40101 token') : DONE

  test('loses the source for the whole run, with one error line', async () => {
    const { seen } = await stage.play({
      stages: [
        bars(6, 'tushare', 'baostock'),
        [{ dataset: 'adj_factor', open: [[7, 9]], sources: ['tushare', 'baostock'] }],
      ],
      batch: refused,
    })
    expect(seqsOn(seen, 'tushare').every((seq) => seq < 7)).toBe(true)
    expect(seqsOn(seen, 'baostock')).toHaveLength(9)
    expect(seen.log).toEqual([
      'error: tushare is left out of this run: AuthFailed: 40101 token. What to do: check the token of the source.',
      'warn: bars goes on with baostock: tushare is left out of this run',
      'warn: adj_factor begins with baostock: tushare is left out of this run',
    ])
  })

  test('fails the run when a dataset has no other source', async () => {
    const { seen } = await stage.play({ stages: [bars(6, 'tushare')], batch: refused })
    expect(seen.closed).toMatchObject({
      outcome: 'failed',
      message: '40101 token. What to do: check the token of the source.',
    })
    expect(seen.givenUp).toEqual([])
  })

  test('does not fail it for a dataset that runs can do without', async () => {
    const { seen } = await stage.play({
      stages: [
        [{ dataset: 'suspension', open: [[1, 1]], sources: ['tushare'], dispensable: true }],
        bars(3, 'tushare', 'baostock')
          .slice(0, 1)
          .map((b) => ({ ...b, open: [[2, 4]] as [number, number][] })),
      ],
      batch: refused,
    })
    expect(seen.givenUp).toMatchObject([{ seq: 1, source: 'tushare', errorClass: 'AuthFailed' }])
    expect(seqsOn(seen, 'baostock')).toHaveLength(3)
    expect(seen.closed).toMatchObject({ outcome: 'finished' })
  })
})

describe('a budget that is used up', () => {
  const later = (ms: number): Outcome => ({
    kind: 'wait',
    untilMs: Date.now() + ms,
    reason: 'quota of the day',
  })

  test('for long lets the next source take over, and the run end without it', async () => {
    const { seen } = await stage.play({
      stages: [bars(8, 'tushare', 'baostock')],
      batch: ({ source }) => (source === 'tushare' ? later(10 * MINUTE_MS) : DONE),
    })
    expect(seqsOn(seen, 'baostock')).toHaveLength(8)
    expect(seqsOn(seen, 'tushare').length).toBeLessThanOrEqual(4)
    expect(seen.probes).toEqual([])
    expect(seen.log).toEqual([
      expect.stringMatching(
        /^warn: bars goes on with baostock: tushare has no calls left until .* \(quota of the day\)$/,
      ),
    ])
  })

  test('for a moment is waited for', async () => {
    const { seen } = await stage.play({
      stages: [bars(8, 'tushare', 'baostock')],
      batch: ({ seq, nth }) => (seq === 2 && nth === 1 ? later(1_200) : DONE),
    })
    expect(seqsOn(seen, 'baostock')).toEqual([])
    expect(seen.tries.filter(({ seq }) => seq === 2)).toHaveLength(2)
    expect(seen.log).toEqual([])
  })

  test('is the dataset’s own: the source goes on with others', async () => {
    const { seen } = await stage.play({
      stages: [
        [
          ...bars(3, 'tushare', 'baostock'),
          { dataset: 'adj_factor', open: [[4, 9]], sources: ['tushare', 'baostock'] },
        ],
      ],
      batch: ({ seq, source }) => (seq < 4 && source === 'tushare' ? later(10 * MINUTE_MS) : DONE),
    })
    expect(seqsOn(seen, 'tushare').filter((seq) => seq > 3)).toHaveLength(6)
    expect(seqsOn(seen, 'baostock').toSorted()).toEqual([1, 2, 3])
  })
})

describe('a batch that is split', () => {
  test('is followed by its children before anything older', async () => {
    const { seen } = await stage.play({
      stages: [bars(3, 'baostock')],
      batch: ({ seq }) => (seq === 1 ? { kind: 'split', children: [[10, 12]], unserved: [] } : DONE),
    })
    expect(seqsOn(seen, 'baostock')).toEqual([1, 10, 11, 12, 2, 3])
  })

  test('leaves what its source does not serve to the others', async () => {
    const { seen } = await stage.play({
      stages: [bars(3, 'baostock', 'tushare')],
      batch: ({ seq, source }) => {
        if (source === 'tushare' || seq > 10) return DONE
        if (seq === 1) return { kind: 'split', children: [[11, 11]], unserved: [[12, 12]] }
        return seq === 2 ? { kind: 'split', children: [], unserved: [[2, 2]] } : DONE
      },
    })
    expect(seqsOn(seen, 'baostock')).toEqual([1, 11, 2, 3])
    expect(seqsOn(seen, 'tushare')).toEqual([12, 2])
    expect(seen.log).toEqual([])
  })

  test('waits for the source that serves it, while the others go on', async () => {
    const run = await stage.start({
      stages: [bars(6, 'tushare', 'baostock')],
      resting: [{ source: 'tushare', site: 'server', untilMs: Date.now() + 200, reason: 'reset' }],
      batch: ({ seq, source }) =>
        seq === 1 && source === 'baostock' ? { kind: 'split', children: [], unserved: [[1, 1]] } : DONE,
      probe: () => (run.seen.tries.length === 6 && run.seen.open.size === 1 ? null : Date.now() + 200),
    })
    await run.end()
    expect(seqsOn(run.seen, 'baostock')).toEqual([1, 2, 3, 4, 5, 6])
    expect(seqsOn(run.seen, 'tushare')).toEqual([1])
  })

  test('is given up as not served when nobody serves it', async () => {
    const { seen } = await stage.play({
      stages: [bars(2, 'tushare', 'baostock')],
      batch: ({ seq }) => (seq === 1 ? { kind: 'split', children: [], unserved: [[1, 1]] } : DONE),
    })
    expect(seen.givenUp).toEqual([
      {
        seq: 1,
        source: 'tushare',
        errorClass: 'NotServed',
        message: 'not served by tushare, baostock: enable a source that has this part of bars',
      },
    ])
  })
})

test('a dataset that no source has is given up as not served', async () => {
  const { seen } = await stage.play({
    stages: [bars(1, 'tushare'), [{ dataset: 'suspension', open: [[2, 3]], sources: [] }]],
  })
  expect(seen.givenUp.map(({ seq, errorClass }) => `${seq} ${errorClass}`).toSorted()).toEqual([
    '2 NotServed',
    '3 NotServed',
  ])
})

test('a batch that fails on all sources is given up with its last trouble, and costs the others nothing', async () => {
  const { seen } = await stage.play({
    stages: [bars(4, 'tushare', 'baostock')],
    batch: ({ seq, source }) => (seq === 2 ? rests(Date.now() + 50, `${source} fails`) : DONE),
  })
  const tries = seen.tries.filter(({ seq }) => seq === 2)
  expect(tries.length).toBeLessThanOrEqual(6)
  // Only the last source that is left looks for the symbol.
  expect(tries[0]?.isolate).toBe(false)
  expect(tries.at(-1)?.isolate).toBe(true)
  expect(seen.givenUp).toEqual([
    {
      seq: 2,
      source: tries.at(-1)?.source,
      errorClass: 'Transient',
      message: `${tries.at(-1)?.source ?? ''} fails`,
    },
  ])
  expect(seen.open.size).toBe(0)
})

test('a newer owner ends the run at once', async () => {
  const run = await stage.start({
    stages: [bars(3, 'tushare')],
    batch: () => ({ kind: 'fenced', reason: 'newer owner' }),
  })
  await expect(run.end()).rejects.toMatchObject({ cause: { message: 'newer owner' } })
  expect(run.seen.closed).toBeNull()
})
