import { expect, test } from 'vitest'
import { shared } from '../../api/shared-reading.ts'

/** Readings that end when they are told to, each with its number. */
function readings() {
  const ends: ((error?: Error) => void)[] = []
  const read = shared(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = ends.length
        ends.push((error) => (error ? reject(error) : resolve(number)))
      }),
  )
  return { ends, read }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('who asks while a reading is under way gets the next one, together with all others', async () => {
  const { ends, read } = readings()
  const first = read()
  const [second, third] = [read(), read()]
  expect(ends.length).toBe(1)
  ends[0]?.()
  await settled()
  // This one comes while the second reading is under way already.
  const fourth = read()
  ends[1]?.()
  await settled()
  ends[2]?.()
  expect(await Promise.all([first, second, third, fourth])).toEqual([0, 1, 1, 2])
})

test('a reading that fails is that of those who waited for it', async () => {
  const { ends, read } = readings()
  const [first, second] = [read(), read()]
  ends[0]?.(new Error('away'))
  await expect(first).rejects.toThrow('away')
  await settled()
  ends[1]?.()
  expect(await second).toBe(1)
})

test('with nobody waiting each question is a reading of its own', async () => {
  const { ends, read } = readings()
  for (const number of [0, 1]) {
    const answer = read()
    ends[number]?.()
    expect(await answer).toBe(number)
  }
})
