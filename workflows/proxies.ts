import type { RetryPolicy } from '@temporalio/common'
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow'
import type { SourceName } from '../market/sources.ts'
import type { SyncActivities } from './contract/activities.ts'
import { sourceTaskQueue } from './contract/ids.ts'

// Infrastructure (a lost worker, PostgreSQL away) is retried for ever and counts against nobody; only bugs end a run.
// Every 5 s at most: a server that is back is noticed soon, and a dozen questions in that time are no load.
const RETRY = {
  initialInterval: '500ms',
  backoffCoefficient: 1.5,
  maximumInterval: '5s',
  nonRetryableErrorTypes: ['Bug', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'],
} satisfies RetryPolicy

// How long a killed worker's batches stand still. Heartbeats come every 2 s; one that is late by more than this costs a
// second attempt beside the first, which repeats a call but counts nothing twice.
const HEARTBEAT_TIMEOUT = '8s'
// A statement or two. Without heartbeats this is how long it takes to notice that the worker died in the middle.
const SHORT_TIMEOUT = '10s'

export const short = proxyActivities<SyncActivities>({ startToCloseTimeout: SHORT_TIMEOUT, retry: RETRY })

export const long = proxyActivities<SyncActivities>({
  startToCloseTimeout: '24h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
})

/**
 * Bound to a source's own queue.
 *
 * @param cancellationType of a batch: its end is waited for, so that it never runs beside its old attempt when it is
 *   resumed. Of a probe: nobody needs its answer any more
 */
function onSource(source: SourceName, summary: string, cancellationType: ActivityCancellationType) {
  return proxyActivities<SyncActivities>({
    taskQueue: sourceTaskQueue(source),
    startToCloseTimeout: '12h',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType,
    retry: RETRY,
    summary,
  })
}

export const batchOn = (source: SourceName, summary: string): Pick<SyncActivities, 'syncBatch'> =>
  onSource(source, summary, ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)

export const probeOn = (source: SourceName, summary: string): Pick<SyncActivities, 'probeSource'> =>
  onSource(source, summary, ActivityCancellationType.TRY_CANCEL)
