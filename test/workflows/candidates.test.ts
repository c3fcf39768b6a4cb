import { describe, expect, test } from 'vitest'
import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { SourceName } from '../../market/sources.ts'
import { Candidates } from '../../workflows/candidates.ts'
import type { Trouble } from '../../workflows/trouble.ts'

/*
 * Who may do a batch after what happened to it: a source that merely failed is never lost for it while it is the last.
 */

const place = (source: SourceName) => ({ source, site: 'server' })
const of = (...sources: SourceName[]) => new Candidates('bars', sources.map(place))
const names = (candidates: Candidates, seq: number) => candidates.of(seq).map(({ source }) => source)
const trouble = (source: SourceName, errorClass: SourceErrorClass = 'Transient'): Trouble => ({
  source,
  errorClass,
  message: `${source}: ${errorClass}`,
})
const strike = (
  candidates: Candidates,
  seq: number,
  source: SourceName,
  errorClass?: SourceErrorClass,
  cursor = 0,
) => candidates.strike(seq, trouble(source, errorClass), cursor)

describe('failures of a source that may be the source’s own', () => {
  test('one costs it nothing and isolates nothing while another could take over', () => {
    const candidates = of('tushare', 'baostock')
    strike(candidates, 1, 'tushare')
    expect(names(candidates, 1)).toEqual(['tushare', 'baostock'])
    expect(candidates.isolates(1, 'tushare')).toBe(false)
    expect(candidates.isolates(1, 'baostock')).toBe(false)
  })

  test('two give the batch to the others, and to nobody but them', () => {
    const candidates = of('tushare', 'baostock')
    strike(candidates, 1, 'tushare')
    strike(candidates, 1, 'tushare')
    expect(names(candidates, 1)).toEqual(['baostock'])
    expect(names(candidates, 2)).toEqual(['tushare', 'baostock'])
  })

  test('the source that is alone isolates after the first, and is done with after the third', () => {
    const candidates = of('tushare')
    strike(candidates, 1, 'tushare')
    expect(candidates.isolates(1, 'tushare')).toBe(true)
    strike(candidates, 1, 'tushare')
    expect(names(candidates, 1)).toEqual(['tushare'])
    strike(candidates, 1, 'tushare')
    expect(names(candidates, 1)).toEqual([])
    expect(candidates.lastTrouble(1, 'tushare')).toEqual(trouble('tushare'))
  })

  test('a source that was passed over gets the batch back, isolating, when the others do not serve it', () => {
    const candidates = of('tushare', 'baostock')
    strike(candidates, 1, 'tushare')
    strike(candidates, 1, 'tushare')
    candidates.exclude(1, 'baostock')
    expect(names(candidates, 1)).toEqual(['tushare'])
    expect(candidates.isolates(1, 'tushare')).toBe(true)
  })

  test('a try that brought something is a new start', () => {
    const candidates = of('tushare')
    for (const cursor of [0, 3, 5, 9, 12]) strike(candidates, 1, 'tushare', 'Transient', cursor)
    expect(names(candidates, 1)).toEqual(['tushare'])
    strike(candidates, 1, 'tushare', 'Transient', 12)
    strike(candidates, 1, 'tushare', 'Transient', 12)
    expect(names(candidates, 1)).toEqual([])
  })

  test('with three sources a batch that fails everywhere is given up after three failures of each', () => {
    const candidates = of('tushare', 'akshare', 'baostock')
    let failures = 0
    for (;;) {
      const [first] = names(candidates, 1)
      if (first === undefined) break
      strike(candidates, 1, first)
      failures++
    }
    expect(failures).toBe(9)
  })
})

describe('refusals of the batch as such', () => {
  test('one sends the batch to the next source at once', () => {
    const candidates = of('tushare', 'baostock')
    candidates.serves('tushare')
    strike(candidates, 1, 'tushare', 'BadRequest')
    expect(names(candidates, 1)).toEqual(['baostock'])
  })

  test('two batches refused by a source that never served one mean the interface', () => {
    const candidates = of('tushare', 'baostock')
    expect(strike(candidates, 1, 'tushare', 'SchemaDrift')).toBe(false)
    expect(strike(candidates, 2, 'tushare', 'SchemaDrift')).toBe(true)
    expect(names(candidates, 3)).toEqual(['baostock'])
  })

  test('a source that has served is kept, however many batches it refuses', () => {
    const candidates = of('tushare', 'baostock')
    candidates.serves('tushare')
    for (let seq = 1; seq < 9; seq++) expect(strike(candidates, seq, 'tushare', 'SchemaDrift')).toBe(false)
    expect(names(candidates, 9)).toEqual(['tushare', 'baostock'])
  })

  test('alone, the first batch is isolated once, and the second one decides', () => {
    const candidates = of('tushare')
    strike(candidates, 1, 'tushare', 'BadRequest')
    expect(candidates.isolates(1, 'tushare')).toBe(true)
    strike(candidates, 1, 'tushare', 'BadRequest')
    expect(names(candidates, 1)).toEqual([])
    strike(candidates, 2, 'tushare', 'BadRequest')
    expect(strike(candidates, 2, 'tushare', 'BadRequest')).toBe(true)
    expect(candidates.fit).toEqual([])
  })
})

describe('what a batch is given up with', () => {
  test('the last trouble, and not that somebody does not serve it', () => {
    const candidates = of('tushare', 'akshare', 'baostock')
    candidates.leaveOut(trouble('tushare', 'PermissionDenied'))
    for (let i = 0; i < 3; i++) strike(candidates, 1, 'akshare', 'Banned')
    candidates.exclude(1, 'baostock')
    expect(names(candidates, 1)).toEqual([])
    expect(candidates.lastTrouble(1, 'tushare')).toEqual(trouble('akshare', 'Banned'))
  })

  test('NotServed with all names when nobody serves it', () => {
    const candidates = of('tushare', 'baostock')
    candidates.exclude(1, 'tushare')
    candidates.exclude(1, 'baostock')
    expect(candidates.lastTrouble(1, 'akshare')).toMatchObject({
      source: 'tushare',
      errorClass: 'NotServed',
      message: expect.stringContaining('not served by tushare, baostock') as string,
    })
  })

  test('NotServed when the dataset has no source at all', () => {
    expect(of().lastTrouble(1, 'akshare')).toEqual({
      source: 'akshare',
      errorClass: 'NotServed',
      message: 'no source that is switched on has bars',
    })
  })
})

test('a source is left out once; one that is no candidate is none to leave out', () => {
  const candidates = of('tushare', 'baostock')
  expect(candidates.leaveOut(trouble('tushare', 'PermissionDenied'))).toBe(true)
  expect(candidates.leaveOut(trouble('tushare', 'PermissionDenied'))).toBe(false)
  expect(candidates.leaveOut(trouble('akshare', 'AuthFailed'))).toBe(false)
})
