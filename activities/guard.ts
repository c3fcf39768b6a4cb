import { ApplicationFailure } from '@temporalio/activity'
import { DatabaseError, withoutParameters } from '../db/errors.ts'

// SQLSTATE classes that a retry cannot mend: wrong statements, wrong data, violated constraints.
const BUG_CLASSES = new Set(['22', '23', '42'])

/**
 * An error as it may enter a workflow history: database errors without statement and parameters, and bugs marked so that
 * they end the run instead of being tried for ever.
 */
export function forHistory(error: unknown): unknown {
  const safe = withoutParameters(error)
  if (safe instanceof DatabaseError && BUG_CLASSES.has(safe.code.slice(0, 2))) {
    return ApplicationFailure.nonRetryable(safe.message, 'Bug')
  }
  return safe
}

/** Wraps every activity with `forHistory`. */
export function guarded<T extends object>(activities: T): T {
  const entries = Object.entries(activities).map(([name, run]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (run as (...args: unknown[]) => Promise<unknown>)(...args)
      } catch (error) {
        throw forHistory(error)
      }
    },
  ])
  return Object.fromEntries(entries) as T
}
