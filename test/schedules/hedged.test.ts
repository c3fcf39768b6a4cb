import { expect, test } from 'vitest'
import { hedged } from '../../api/temporal/hedged.ts'

/** A question that is never answered; says whether it was given up. */
const hanging = (signal: AbortSignal, given: string[]) =>
  new Promise<string>((_resolve, reject) =>
    signal.addEventListener('abort', () => {
      given.push('up')
      reject(new Error('aborted'))
    }),
  )

test('a question that hangs is asked once more, and given up when the other one is answered', async () => {
  const given: string[] = []
  let asked = 0
  const ask = async (signal: AbortSignal) => (++asked === 1 ? await hanging(signal, given) : 'answer')
  expect(await hedged(ask, 5)).toBe('answer')
  expect([asked, given]).toEqual([2, ['up']])
})

test('what is answered in time, well or not, is asked once', async () => {
  let asked = 0
  const ask = async () => {
    if (++asked === 1) return 'answer'
    throw new TypeError('refused')
  }
  expect(await hedged(ask, 1_000)).toBe('answer')
  await expect(hedged(ask, 1_000)).rejects.toThrow('refused')
  expect(asked).toBe(2)
})

test('where both fail, the first reason counts', async () => {
  let asked = 0
  const ask = async (signal: AbortSignal) => {
    const reason = `reason ${++asked}`
    await new Promise((resolve) => setTimeout(resolve, 20))
    signal.throwIfAborted()
    throw new Error(reason)
  }
  await expect(hedged(ask, 5)).rejects.toThrow('reason 1')
})
