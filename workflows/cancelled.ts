import { ActivityFailure, isCancellation } from '@temporalio/workflow'

/**
 * True for whatever ended because it was cancelled. An activity whose worker died, or that met an outage, after the
 * cancellation was asked for does not end as cancelled but with that trouble, and is not tried again.
 */
export const endedByCancel = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED')
