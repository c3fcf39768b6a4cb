/** Answers that are late on purpose. */
export interface Delays {
  /** Resolves after so many ms, or when all delays are ended. */
  readonly wait: (ms: number) => Promise<void>
  readonly endAll: () => void
}

export const createDelays = (): Delays => {
  const waiting = new Set<() => void>()
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer)
          waiting.delete(end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        waiting.add(end)
      }),
    endAll: () => {
      for (const end of [...waiting]) end()
    },
  }
}
