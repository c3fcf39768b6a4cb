import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker'
import { SOURCE_NAMES, type SourceName } from '../../market/sources.ts'
import { sourceTaskQueue, TASK_QUEUE } from '../../workflows/contract/ids.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { createActivities, type ActivityDeps } from '../index.ts'
import { tracingOptions } from './tracing.ts'

// Pause and cancel reach an activity with its next sent heartbeat; without this cap the SDK would hold them back for
// 0.8 x the heartbeat time-out. A pause must take effect within 5 s, and a forced start waits for the end of a run in its way.
const MAX_HEARTBEAT_THROTTLE = '1s'
// Batches of one source that this process works on at a time: two datasets of four batches, with room for a probe.
const BATCHES_AT_ONCE = 16
// Decisions go to the worker that has the workflow in memory; when it was killed they go to any other after this.
const STICKY_LIMIT = '4s'
// Below the 30 s that container platforms give before they kill.
const SHUTDOWN_GRACE = '20s'

export interface WorkerSetup {
  connection: NativeConnection
  namespace: string
  bundle: { codePath: string }
  deps: ActivityDeps
  tracing?: Tracing | null
}

/** One worker for workflows and bookkeeping, one for each source's own queue: a source may be switched on at any time. */
export async function createWorkers(setup: WorkerSetup): Promise<Worker[]> {
  const activities = createActivities(setup.deps)
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection: setup.connection,
    namespace: setup.namespace,
    activities,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE,
    shutdownGraceTime: SHUTDOWN_GRACE,
    ...tracingOptions(setup.tracing ?? null),
  }
  const main = await Worker.create({
    ...common,
    taskQueue: TASK_QUEUE,
    workflowBundle: setup.bundle,
    // One isolate thread: workflows only decide, and the machine's cores are for rows.
    workflowThreadPoolSize: 1,
    stickyQueueScheduleToStartTimeout: STICKY_LIMIT,
    maxConcurrentActivityTaskExecutions: 20,
  })
  const ofSource = (source: SourceName) =>
    Worker.create({
      ...common,
      taskQueue: sourceTaskQueue(source),
      maxConcurrentActivityTaskExecutions: BATCHES_AT_ONCE,
    })
  return [main, ...(await Promise.all(SOURCE_NAMES.map(ofSource)))]
}
