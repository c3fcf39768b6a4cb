import { describe, expect, test } from 'vitest'
import type { SourceMode } from '../../market/run-params.ts'
import type { SourceName } from '../../market/sources.ts'
import { SourceNews, type SourceView } from '../../workflows/source-news.ts'
import { beijingTime, reasonOf } from '../../workflows/trouble.ts'

/*
 * The lines by which a person follows who does a dataset: one for each change, none without.
 */

const WHY = {
  up: '',
  rests: 'rests until noon (Transient: reset)',
  waits: 'has no calls left until noon (quota)',
  'left out': 'is left out (PermissionDenied: points)',
} as const
type Kinds = Partial<Record<SourceName, SourceView['kind']>>

function tell(mode: SourceMode, ...states: Kinds[]): (string | null)[] {
  const news = new SourceNews('bars', mode)
  return states.map((kinds) => {
    const line = news.update(
      (['tushare', 'baostock', 'akshare'] as const).map((source) => {
        const kind = kinds[source] ?? 'up'
        return { source, kind, why: `${source} ${WHY[kind]}` }
      }),
    )
    return line && `${line.level}: ${line.message}`
  })
}

describe('failover', () => {
  test('there and back is two lines', () => {
    expect(tell('failover', {}, { tushare: 'rests' }, { tushare: 'rests' }, {})).toEqual([
      null,
      'warn: bars goes on with baostock: tushare rests until noon (Transient: reset)',
      null,
      'info: tushare is up again: bars goes back to it',
    ])
  })

  test('what happens to sources that are not in use is no news', () => {
    expect(tell('failover', {}, { baostock: 'rests' }, { akshare: 'waits' }, {})).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  test('the one that goes on may be a better one, which is back when the other fails', () => {
    expect(tell('failover', { tushare: 'rests' }, { baostock: 'rests' })[1]).toBe(
      'warn: bars goes on with tushare: baostock rests until noon (Transient: reset)',
    )
  })

  test('a run that cannot begin with the best source says why', () => {
    expect(tell('failover', { tushare: 'rests', baostock: 'waits' })).toEqual([
      'warn: bars begins with akshare: tushare rests until noon (Transient: reset); baostock has no calls left until noon (quota)',
    ])
  })

  test('all away, and one of them back', () => {
    const away = { tushare: 'rests', baostock: 'rests', akshare: 'left out' } as const
    expect(tell('failover', {}, away, { ...away, baostock: 'up' })).toEqual([
      null,
      'warn: bars waits: tushare rests until noon (Transient: reset); baostock rests until noon (Transient: reset); akshare is left out (PermissionDenied: points)',
      'info: baostock is up again: bars goes on',
    ])
  })

  test('a quota that is there again', () => {
    expect(tell('failover', { tushare: 'waits' }, {})[1]).toBe(
      'info: tushare has calls left again: bars goes back to it',
    )
  })

  test('nobody left is told once, also when all were away before', () => {
    const out = { tushare: 'left out', baostock: 'left out', akshare: 'left out' } as const
    const away = { tushare: 'rests', baostock: 'rests', akshare: 'rests' } as const
    const line = expect.stringMatching(
      /^error: no source is left for bars: tushare is left out \(P/,
    ) as string
    expect(tell('failover', {}, out, out)).toEqual([null, line, null])
    expect(tell('failover', {}, away, out)).toEqual([null, expect.stringMatching(/^warn: bars waits/), line])
  })
})

test('parallel: who is missing, and who is back', () => {
  expect(tell('parallel', {}, { tushare: 'rests' }, {})).toEqual([
    null,
    'warn: bars goes on with baostock and akshare: tushare rests until noon (Transient: reset)',
    'info: tushare is up again: it takes part in bars again',
  ])
})

describe('words', () => {
  test('a class that the message names already is not repeated', () => {
    expect(reasonOf({ errorClass: 'Banned', message: 'baostock: Banned: 10001011' })).toBe(
      'baostock: Banned: 10001011',
    )
    expect(reasonOf({ errorClass: 'Banned', message: '10001011' })).toBe('Banned: 10001011')
    expect(reasonOf({ errorClass: 'Banned', message: 'x'.repeat(900) })).toHaveLength(201)
  })

  test('times are Beijing’s, with the date when it is another day there', () => {
    const now = Date.parse('2026-11-22T02:00:00Z')
    expect(beijingTime(Date.parse('2026-11-22T02:31:05Z'), now)).toBe('10:31:05 Beijing time')
    expect(beijingTime(Date.parse('2026-11-22T16:00:00Z'), now)).toBe('2026-11-23 00:00:00 Beijing time')
  })
})
