import { describe, expect, test } from 'vitest'
import type { SourceMode } from '../../market/run-params.ts'
import type { SourceName } from '../../market/sources.ts'
import { choose, earliestStart, type Readiness } from '../../workflows/choose.ts'

/*
 * Which batch goes where next, from who is free, busy or away.
 */

type Kinds = Partial<Record<SourceName, Readiness['kind']>>
const places = (...sources: SourceName[]) => sources.map((source) => ({ source, site: 'server' }))
const RANKED = places('tushare', 'baostock', 'akshare')

function ask(
  mode: SourceMode,
  kinds: Kinds,
  own: Record<number, SourceName[]> = {},
  mayGiveUp = true,
): string | null {
  const lists = new Map(Object.entries(own).map(([seq, sources]) => [Number(seq), places(...sources)]))
  const choice = choose({
    mode,
    pending: [1, 2, 3],
    placesFor: (seq) => lists.get(seq) ?? RANKED,
    readiness: ({ source }) => ({ kind: kinds[source] ?? 'free', untilMs: 0 }),
    mayGiveUp,
  })
  return choice && `${choice.seq} ${choice.place?.source ?? 'nobody'}`
}

describe('failover', () => {
  test.each<[string, Kinds, string | null]>([
    ['the best source takes the first batch', {}, '1 tushare'],
    ['the next one does while the best is away', { tushare: 'away' }, '1 baostock'],
    ['a best one that has its hands full is waited for', { tushare: 'busy' }, null],
    ['so is the second one while the best is away', { tushare: 'away', baostock: 'busy' }, null],
    ['all are waited for when all are away', { tushare: 'away', baostock: 'away', akshare: 'away' }, null],
  ])('%s', (_name, kinds, expected) => {
    expect(ask('failover', kinds)).toBe(expected)
  })

  test('a batch that has to wait for its source holds up no other', () => {
    expect(ask('failover', { tushare: 'away' }, { 1: ['tushare'], 2: ['tushare'] })).toBe('3 baostock')
  })

  test('a batch that nobody is left for is given up, a few at a time', () => {
    expect(ask('failover', {}, { 1: [] })).toBe('1 nobody')
    expect(ask('failover', {}, { 1: [] }, false)).toBe('2 tushare')
  })
})

describe('parallel', () => {
  test.each<[string, Kinds, string | null]>([
    ['any free source takes the first batch', { tushare: 'busy', baostock: 'busy' }, '1 akshare'],
    ['a source that is away is not waited for', { tushare: 'away', baostock: 'busy' }, '1 akshare'],
    ['nobody takes one while none is free', { tushare: 'busy', baostock: 'away', akshare: 'busy' }, null],
  ])('%s', (_name, kinds, expected) => {
    expect(ask('parallel', kinds)).toBe(expected)
  })

  test('a free source takes the first batch that it may do', () => {
    const own = { 1: ['tushare'], 2: ['tushare', 'baostock'] } satisfies Record<number, SourceName[]>
    expect(ask('parallel', { tushare: 'busy', akshare: 'busy' }, own)).toBe('2 baostock')
  })
})

describe('when something can be done again', () => {
  const start = (untils: Partial<Record<SourceName, number>>, pending = [1, 2], own?: SourceName[]) =>
    earliestStart({
      pending,
      placesFor: (seq) => (seq === 2 && own ? places(...own) : RANKED),
      readiness: ({ source }) => ({ kind: 'away', untilMs: untils[source] ?? 0 }),
    })

  test('when the first of all sources is back', () => {
    expect(start({ tushare: 900, baostock: 300, akshare: 600 })).toBe(300)
  })
  test('at once when one of them is free', () => {
    expect(start({ tushare: 900, baostock: 300 })).toBe(0)
  })
  test('at once when a batch is to be given up', () => {
    expect(start({ tushare: 900, baostock: 300, akshare: 600 }, [1, 2], [])).toBe(0)
  })
  test('never when no batch is left', () => {
    expect(start({ tushare: 900 }, [])).toBe(Infinity)
  })
})
