import { Context } from '@temporalio/activity'
import type { ActivityDeps } from './deps.ts'

// Cancel and pause reach an activity with a heartbeat; the SDK sends them at most every MAX_HEARTBEAT_THROTTLE.
const HEARTBEAT_MS = 1_000

/** Runs `work` while telling Temporal that it is alive; `work` gets the signal that pause and cancel abort. */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  try {
    return await work(context.cancellationSignal)
  } catch (error) {
    // Whatever an aborted fetch or wait threw, it was the cancellation.
    if (context.cancellationSignal.aborted) await context.cancelled
    throw error
  } finally {
    clearInterval(timer)
  }
}

/**
 * The same for work that waits for others. It is given up as soon as the worker is to end, and goes on with another one.
 */
export async function waiting<T>(
  { stopping }: Pick<ActivityDeps, 'stopping'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await withHeartbeat((signal) => work(stopping ? AbortSignal.any([signal, stopping]) : signal))
}
