import { describe, expect, test } from 'vitest'
import { Seats } from '../../../api/access/seats.ts'
import { Slots } from '../../../api/tables/slots.ts'

/* How what there is little of is shared: by waiting (slots), or by giving way (seats). */

describe('slots', () => {
  test('are given to so many at once, then to the one that waited longest', async () => {
    const slots = new Slots({ count: 1, waitMs: 1_000 })
    const first = await slots.take('a')
    const order: string[] = []
    const second = slots.take('a').then((release) => (order.push('second'), release))
    const third = slots.take('a').then((release) => (order.push('third'), release))
    first?.()
    ;(await second)?.()
    ;(await third)?.()
    expect([order, (await slots.take('a')) !== null]).toEqual([['second', 'third'], true])
  })

  test('are waited for only so long', async () => {
    const slots = new Slots({ count: 1, waitMs: 10 })
    const release = await slots.take('a')
    expect(await slots.take('b')).toBeNull()
    release?.()
    expect(await slots.take('b')).not.toBeNull()
  })

  test('given back twice are one slot', async () => {
    const slots = new Slots({ count: 1, waitMs: 10 })
    const release = await slots.take('a')
    release?.()
    release?.()
    await slots.take('a')
    expect(await slots.take('a')).toBeNull()
  })

  test('are never all one caller’s, and go first to whoever has fewest', async () => {
    const slots = new Slots({ count: 4, waitMs: 1_000 })
    const held = await Promise.all([slots.take('greedy'), slots.take('greedy'), slots.take('greedy')])
    const order: string[] = []
    const take = (who: string) => slots.take(who).then((release) => (order.push(who), release))
    const more = Array.from({ length: 3 }, () => take('greedy'))
    const first = await take('other')
    const second = take('other')
    const third = take('third')
    held[0]?.()
    await third
    expect(order).toEqual(['other', 'third'])
    // Of two who have one each, the one who has waited longer.
    held[1]?.()
    await more[0]
    expect(order.at(-1)).toBe('greedy')
    first?.()
    await second
    expect(order.at(-1)).toBe('other')
  })

  test('are not waited for by more than a few of one caller, nor by those who have left', async () => {
    const slots = new Slots({ count: 1, waitMs: 60_000 })
    const release = await slots.take('a')
    const leaving = Array.from({ length: 20 }, () => new AbortController())
    const waiting = leaving.map(({ signal }) => slots.take('a', signal))
    expect(await slots.take('a')).toBeNull()
    for (const each of leaving) each.abort()
    expect(await Promise.all(waiting)).toEqual(Array<null>(20).fill(null))
    release?.()
    expect(await slots.take('b')).not.toBeNull()
  })
})

describe('seats', () => {
  test('are for everybody until they are taken, then those of the one who has most are shared', () => {
    const seats = new Seats(4)
    const left: string[] = []
    const take = (who: string, name: string) => seats.take(who, () => left.push(name))
    for (const name of ['1', '2', '3', '4']) expect(take('greedy', name)).not.toBeNull()
    expect(take('other', '5')).not.toBeNull()
    expect(take('other', '6')).not.toBeNull()
    expect(left).toEqual(['1', '2'])
    // Two and two: there is nothing left to share out between these, and a third caller gets one.
    expect(take('third', '7')).not.toBeNull()
    expect(left).toEqual(['1', '2', '3'])
  })

  test('that are taken give way to the newest of the same caller, who takes none of the others', () => {
    const seats = new Seats(3)
    const left: string[] = []
    const take = (who: string, name: string) => seats.take(who, () => left.push(name))
    for (const name of ['1', '2', '3']) take('a', name)
    expect(take('a', '4')).not.toBeNull()
    expect(take('b', '5')).not.toBeNull()
    expect(left).toEqual(['1', '2'])
    // The one that has lost its place comes back.
    expect(take('a', '6')).not.toBeNull()
    expect(take('b', '7')).not.toBeNull()
    expect(left).toEqual(['1', '2', '3', '5'])
  })

  test('of which everybody has one are full', () => {
    const seats = new Seats(2)
    const take = (who: string) => seats.take(who, () => undefined)
    expect([take('a'), take('b'), take('c')].map((place) => place !== null)).toEqual([true, true, false])
    expect(take('b')).not.toBeNull()
  })

  test('that were given back are free', () => {
    const seats = new Seats(1)
    seats.take('a', () => undefined)?.()
    expect(seats.take('b', () => undefined)).not.toBeNull()
    expect(seats.take('c', () => undefined)).toBeNull()
  })
})
