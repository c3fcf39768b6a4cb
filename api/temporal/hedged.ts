import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks once more beside the first question when that has no answer after a while, takes the answer that comes first and
 * gives the other question up. Only for what may be done twice.
 */
export async function hedged<T>(ask: (signal: AbortSignal) => Promise<T>, afterMs: number): Promise<T> {
  const over = new AbortController()
  try {
    const first = ask(over.signal)
    const isLate = sleep(afterMs, true, { signal: over.signal }).catch(() => true)
    const isSettled = first.then(
      () => false,
      () => false,
    )
    if (!(await Promise.race([isSettled, isLate]))) return await first
    return await Promise.any([first, ask(over.signal)])
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  } finally {
    over.abort()
  }
}
