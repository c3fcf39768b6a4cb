import { activityInfo, ApplicationFailure, CancelledFailure } from '@temporalio/activity'
import { DatabaseError, isAway, withoutParameters } from '../db/errors.ts'
import type { ActivityDeps } from './deps.ts'

// SQLSTATE classes that a retry cannot mend: wrong statements, wrong data, violated constraints, what is too large for a place.
const BUG_CLASSES = new Set(['22', '23', '42', '54'])

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

/** Wraps every activity with `forHistory`, and says in the log why it failed: Temporal is told no more than a message. */
export function guarded<T extends object>(activities: T, deps: Pick<ActivityDeps, 'log' | 'redact'>): T {
  const entries = Object.entries(activities).map(([name, run]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (run as (...args: unknown[]) => Promise<unknown>)(...args)
      } catch (error) {
        noteFailure(deps, error)
        throw forHistory(error)
      }
    },
  ])
  return Object.fromEntries(entries) as T
}

const asItIs = (text: string): string => text

function noteFailure({ log, redact = asItIs }: Pick<ActivityDeps, 'log' | 'redact'>, error: unknown): void {
  const isCancelled = error instanceof CancelledFailure || (error as Error | null)?.name === 'AbortError'
  if (isCancelled) return
  const { activityType: activity, attempt, workflowExecution } = activityInfo()
  const about = { activity, attempt, workflowId: workflowExecution?.workflowId }
  const safe = withoutParameters(error)
  if (safe instanceof DatabaseError && isAway(safe.code)) {
    log.warn({ ...about, reason: safe.message }, 'PostgreSQL does not answer: the activity is tried again')
    return
  }
  if (safe instanceof ApplicationFailure) {
    // Thrown on purpose, with words for a person.
    log.warn({ ...about, reason: redact(safe.message) }, 'an activity ended its run')
    return
  }
  const stack = safe instanceof Error ? (safe.stack ?? safe.message) : String(safe)
  log.error({ ...about, error: redact(stack) }, 'an activity failed')
}
