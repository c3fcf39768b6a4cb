/**
 * One reading for all who ask the same at once. Whoever asks while one is under way gets the next one, which begins when that
 * has ended: so an answer is never older than its question, and a hundred clients cost no more than two.
 */
export function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | null = null
  let next: Promise<T> | null = null
  const begin = (): Promise<T> => {
    next = null
    const reading = read().finally(() => {
      if (current === reading) current = null
    })
    return (current = reading)
  }
  return () => {
    if (current === null) return begin()
    return (next ??= current.then(begin, begin))
  }
}
