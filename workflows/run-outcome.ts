import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow'
import type { SourceErrorClass } from '../market/source-errors.ts'
import { endedByCancel } from './cancelled.ts'
import { LaneStopped } from './lane-context.ts'

export interface RunOutcome {
  kind: 'finished' | 'failed' | 'cancelled'
  message: string | null
  errorClass?: SourceErrorClass
}

/** What an end of the work means for the run. A newer owner writes its state, so this execution just ends; continue-as-new passes. */
export function outcomeOf(error: unknown): RunOutcome {
  if (endedByCancel(error)) return { kind: 'cancelled', message: null }
  if (error instanceof LaneStopped && error.kind === 'fatal') {
    const { message, errorClass } = error
    return { kind: 'failed', message, ...(errorClass === undefined ? {} : { errorClass }) }
  }
  // Any other error than a failure of Temporal's would be taken for a bug that a new version mends, and tried for ever.
  if (error instanceof LaneStopped) throw ApplicationFailure.nonRetryable(error.message, 'Fenced')
  if (error instanceof ActivityFailure) {
    const { cause } = error
    if (cause instanceof ApplicationFailure && cause.type === 'Fenced') throw cause
    return {
      kind: 'failed',
      message: `${error.activityType}: ${cause?.message ?? error.message}. What to do: report this, it is a bug.`,
    }
  }
  throw error
}
