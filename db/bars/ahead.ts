/**
 * The lots of a cursor, the next one asked for before the one at hand is given out: so the server works on it meanwhile. Left
 * early, it waits for the lot that is on its way and closes the cursor.
 */
export async function* readAhead<T>(lots: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator: AsyncIterator<T, unknown> = lots[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const result = await next
      if (result.done === true) return
      next = iterator.next()
      // Whoever leaves early never looks at it.
      next.catch(() => undefined)
      yield result.value
    }
  } finally {
    await next.catch(() => undefined)
    await iterator.return?.()
  }
}
