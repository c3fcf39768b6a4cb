import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BatchPool } from '../../workflows/batch-pool.ts'

/*
 * The list of batches of one dataset: nothing is lost, nothing is handed out twice, and the newest stay first.
 */

test('batches that come back stand where they stood, whatever the order in which they come', () => {
  const pool = new BatchPool([[1, 6]])
  for (const seq of [1, 2, 3]) pool.take(seq, 'tushare')
  for (const seq of [2, 3, 1]) pool.putBack(seq)
  expect(pool.pending).toEqual([1, 2, 3, 4, 5, 6])
})

test('children take the place of their batch, and grandchildren that of the child', () => {
  const pool = new BatchPool([[1, 3]])
  pool.take(2, 'tushare')
  pool.replace(2, [10, 11])
  expect(pool.pending).toEqual([1, 10, 11, 3])
  pool.take(10, 'tushare')
  pool.replace(10, [20, 21])
  expect(pool.pending).toEqual([1, 20, 21, 11, 3])
})

test('a batch may be among its own children: what one source does not serve stays for the others', () => {
  const pool = new BatchPool([[1, 3]])
  pool.take(1, 'baostock')
  pool.replace(1, [1])
  expect(pool.pending).toEqual([1, 2, 3])
  expect(pool.inHand.size).toBe(0)
})

describe('the load of a source', () => {
  test('counts what it has in hand, and nothing of the others', () => {
    const pool = new BatchPool([[1, 5]])
    pool.take(1, 'tushare')
    pool.take(2, 'tushare')
    pool.take(3, 'baostock')
    pool.drop(2)
    expect([pool.load('tushare'), pool.load('baostock'), pool.load('akshare')]).toEqual([1, 1, 0])
  })

  test('a batch that is in hand cannot be taken again', () => {
    const pool = new BatchPool([[1, 2]])
    pool.take(1, 'tushare')
    expect(() => pool.take(1, 'baostock')).toThrow(RangeError)
  })
})

test('whatever happens to batches, each of them is either pending or in hand, once, and pending ones are in order', () => {
  const step = fc.record({ what: fc.constantFrom('take', 'drop', 'back', 'split'), pick: fc.nat() })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
      const pool = new BatchPool([[1, size]])
      // Where each batch stands, as a number: children divide the space between their parent and its next neighbour.
      const place = new Map<number, number>()
      const width = new Map<number, number>()
      for (let seq = 1; seq <= size; seq++) {
        place.set(seq, seq)
        width.set(seq, 1)
      }
      const left = new Set(place.keys())
      let nextSeq = size + 1
      for (const { what, pick } of steps) {
        const inHand = [...pool.inHand.keys()]
        const seq =
          what === 'take'
            ? pool.pending[pick % (pool.pending.length || 1)]
            : inHand[pick % (inHand.length || 1)]
        if (seq === undefined) continue
        if (what === 'take') pool.take(seq, 'tushare')
        else if (what === 'back') pool.putBack(seq)
        else if (what === 'drop') {
          pool.drop(seq)
          left.delete(seq)
        } else {
          const children = [nextSeq++, nextSeq++]
          const half = (width.get(seq) ?? 0) / 2
          children.forEach((child, i) => {
            place.set(child, (place.get(seq) ?? 0) + i * half)
            width.set(child, half)
            left.add(child)
          })
          left.delete(seq)
          pool.replace(seq, children)
        }
      }
      const all = [...pool.pending, ...pool.inHand.keys()]
      expect(all.toSorted((a, b) => a - b)).toEqual([...left].toSorted((a, b) => a - b))
      const places = pool.pending.map((seq) => place.get(seq) ?? 0)
      expect(places).toEqual(places.toSorted((a, b) => a - b))
    }),
  )
})
