/** What one check found. `todo` says what to do about it, in words or as a command. */
export interface Finding {
  check: string
  state: 'ok' | 'warning' | 'problem'
  message: string
  todo: string | null
}

export const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message, todo: null })
export const warning = (check: string, message: string, todo: string): Finding => ({
  check,
  state: 'warning',
  message,
  todo,
})
export const problem = (check: string, message: string, todo: string): Finding => ({
  check,
  state: 'problem',
  message,
  todo,
})

/** Takes a finding as soon as it is there. */
export type Tell = (...findings: Finding[]) => void

/** @throws Error when `promise` has not ended in time; it goes on */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
