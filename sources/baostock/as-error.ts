/** A reason to reject with: that of an abort may be anything. */
export const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error(`aborted: ${String(reason)}`)
