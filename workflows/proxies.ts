import type { RetryPolicy } from '@temporalio/common'
import {
  ActivityCancellationType,
  ActivityFailure,
  type ActivityOptions,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow'
import type { SourceName } from '../market/sources.ts'
import type { SyncActivities } from './contract/activities.ts'
import type { CleanUpActivities } from './contract/clean-up.ts'
import { sourceTaskQueue } from './contract/ids.ts'
import type { ScheduleActivities } from './contract/schedule.ts'

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

/** Waits for a lock or a run, for days where need be: a time-out just begins anew. */
export const patient = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: '24h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
})

export const { abandonRun } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: SHORT_TIMEOUT,
  retry: RETRY,
})

/** Deletes as much as there is; the schedule comes again, so that it need not be tried for ever. */
export const housekeeping = proxyActivities<CleanUpActivities>({
  startToCloseTimeout: '1h',
  scheduleToCloseTimeout: '12h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
})

// A worker that is restarted polls again within a minute, a container that has to be fetched first within two. After
// that there is nobody for this source, while others may have what it does not bring.
const QUEUE_LIMIT_MS = 3 * 60_000

/** Bound to a source's own queue. */
const onSource = (
  source: SourceName,
  options: Pick<ActivityOptions, 'summary' | 'cancellationType' | 'scheduleToStartTimeout'>,
) =>
  proxyActivities<SyncActivities>({
    taskQueue: sourceTaskQueue(source),
    startToCloseTimeout: '12h',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: RETRY,
    ...options,
  })

/** The end of a batch is waited for, so that it never runs beside its old attempt when it is resumed. */
export const batchOn = (
  source: SourceName,
  summary: string,
  queueLimitMs = QUEUE_LIMIT_MS,
): Pick<SyncActivities, 'syncBatch'> =>
  onSource(source, {
    summary,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    scheduleToStartTimeout: queueLimitMs,
  })

/** The result of an activity; null when nobody took it off its queue in time. */
export async function takenInTime<T>(activity: () => Promise<T>): Promise<T | null> {
  try {
    return await activity()
  } catch (error) {
    const { cause } = error instanceof ActivityFailure ? error : {}
    if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START') return null
    throw error
  }
}

/** Waits for a worker for as long as it takes, which is how one that is back is found. Its answer may come too late to be needed. */
export const probeOn = (source: SourceName, summary: string): Pick<SyncActivities, 'probeSource'> =>
  onSource(source, { summary, cancellationType: ActivityCancellationType.TRY_CANCEL })
