/** A reason to reject with: that of an abort may be anything. */
export const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error(`aborted: ${String(reason)}`)

/** Waits, but not longer than the signal lets it; what is waited for goes on by itself. */
export async function orAborted(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return await wait
  await new Promise<void>((resolve, reject) => {
    const finish = () => signal.removeEventListener('abort', onAbort)
    const onAbort = () => {
      finish()
      reject(asError(signal.reason))
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    wait.then(resolve, (error: unknown) => reject(asError(error))).finally(finish)
  })
}
