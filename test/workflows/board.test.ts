import { describe, expect, test } from 'vitest'
import { SourceBoard } from '../../workflows/source-board.ts'

/*
 * What a run remembers of its sources: one rest for each place, however many report it.
 */

const SERVER = { source: 'tushare', site: 'server' } as const
const resting = (untilMs: number, reason = 'reset') => ({ ...SERVER, untilMs, reason })

function board() {
  let changes = 0
  const made = new SourceBoard(() => changes++)
  return { board: made, changes: () => changes }
}

test('reports of one rest are one change; a later end is another', () => {
  const { board: b, changes } = board()
  for (let i = 0; i < 4; i++) b.rest(resting(1_000))
  expect(changes()).toBe(1)
  b.rest(resting(900))
  expect([changes(), b.restOf(SERVER)?.untilMs]).toEqual([1, 1_000])
  b.rest(resting(2_000))
  expect([changes(), b.restOf(SERVER)?.untilMs]).toEqual([2, 2_000])
})

test('sites of one source rest apart', () => {
  const { board: b } = board()
  b.rest({ source: 'akshare', site: 'eastmoney', untilMs: 1_000, reason: '500' })
  expect(b.restOf({ source: 'akshare', site: 'eastmoney' })).not.toBeNull()
  expect(b.restOf({ source: 'akshare', site: 'sina' })).toBeNull()
})

test('a doubt keeps batches away and is no rest to tell of, until a probe confirms it', () => {
  const { board: b } = board()
  b.doubt(SERVER, 'reset')
  expect([b.restOf(SERVER)?.confirmed, b.resting]).toEqual([false, []])
  b.stillDown(resting(5_000), true)
  expect(b.resting).toHaveLength(1)
  b.up(SERVER)
  expect(b.restOf(SERVER)).toBeNull()
})

describe('rests in a row', () => {
  test('count each rest and each probe that found it down', () => {
    const { board: b } = board()
    b.rest(resting(1_000))
    b.stillDown(resting(2_000), true)
    b.up(SERVER)
    b.rest(resting(3_000))
    expect(b.restsInARow(SERVER)).toBe(3)
  })

  test('not a probe that asked nothing', () => {
    const { board: b } = board()
    b.rest(resting(1_000))
    b.stillDown(resting(2_000), false)
    expect(b.restsInARow(SERVER)).toBe(1)
  })

  test('start anew when the place served', () => {
    const { board: b } = board()
    b.rest(resting(1_000))
    b.served(SERVER)
    expect(b.restsInARow(SERVER)).toBe(0)
  })
})

test('a source is lost once', () => {
  const { board: b, changes } = board()
  const trouble = { source: 'tushare', errorClass: 'AuthFailed', message: '40101' } as const
  b.lose(trouble)
  b.lose(trouble)
  expect([changes(), b.deaths, b.isLost('tushare'), b.isLost('baostock')]).toEqual([
    1,
    [trouble],
    true,
    false,
  ])
})
