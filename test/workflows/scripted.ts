import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker'
import { expect, vi } from 'vitest'
import { workflowBundle } from '../../activities/worker/bundle.ts'
import { tracingOptions } from '../../activities/worker/tracing.ts'
import { SOURCE_NAMES, type SourceName } from '../../market/sources.ts'
import { sourceTaskQueue, TASK_QUEUE } from '../../workflows/contract/ids.ts'
import type { ClosedRun, Progress } from '../../workflows/contract/messages.ts'
import { BUNDLES } from '../support/bundles.ts'
import { openNamespace, quietRuntime } from '../support/temporal.ts'
import { createScriptedActivities, type Playing, type Script, type Seen } from './scripted-activities.ts'

/*
 * The real workflow on a real Temporal server; what lies behind the activities is a table of each test's own, since a
 * test here is about decisions: which batch goes where after what came back.
 */

export interface ScriptedRun {
  seen: Seen
  handle: WorkflowHandle
  /** Resolves when the condition holds. */
  until(condition: (seen: Seen) => boolean, what?: string): Promise<void>
  end(): Promise<ClosedRun>
  progress(): Promise<Progress>
  /** Resolves when the workflow says that it waits without the lock: a moment after the activity that gave it back. */
  untilWaiting(): Promise<Progress>
  /** Resolves when no batch is in hand: the workflow has heard what became of each that was begun. */
  untilIdle(): Promise<Progress>
}

export interface Stage {
  start(
    script: Script,
    carried?: { stage: number; paused: boolean; waiting?: boolean; postponed?: number[] },
  ): Promise<ScriptedRun>
  /** Starts it and waits for its end. */
  play(script: Script): Promise<ScriptedRun>
  /** Ends the worker of a source. @returns what starts another one */
  stopWorker(source: SourceName): Promise<(options?: Partial<WorkerOptions>) => Promise<void>>
  /** Histories of all runs so far. */
  histories(): Promise<{ id: string; history: Awaited<ReturnType<WorkflowHandle['fetchHistory']>> }[]>
  bundle: { codePath: string }
  close(): Promise<void>
}

const emptySeen = (): Seen => ({
  tries: [],
  probes: [],
  log: [],
  givenUp: [],
  steps: [],
  closed: null,
  open: new Set(),
  mostAtOnce: new Map(),
})

export async function openStage(): Promise<Stage> {
  quietRuntime()
  const temporal = await openNamespace()
  const { address, namespace, client } = temporal
  const native = await NativeConnection.connect({ address })
  const bundle = await workflowBundle(BUNDLES)
  const runs = new Map<string, Playing>()
  const activities = createScriptedActivities(runs)
  const common = {
    connection: native,
    namespace,
    activities,
    maxHeartbeatThrottleInterval: '200ms',
    ...tracingOptions(null),
  } as const
  const running = new Map<string, { worker: Worker; end: Promise<void> }>()
  const run = async (taskQueue: string, options: Partial<WorkerOptions> = {}) => {
    const worker = await Worker.create({ ...common, taskQueue, ...options })
    running.set(taskQueue, { worker, end: worker.run() })
  }
  const stop = async (taskQueue: string) => {
    const stopping = running.get(taskQueue)
    running.delete(taskQueue)
    stopping?.worker.shutdown()
    await stopping?.end
  }
  await Promise.all([
    run(TASK_QUEUE, { workflowBundle: bundle, workflowThreadPoolSize: 1 }),
    ...SOURCE_NAMES.map((source) => run(sourceTaskQueue(source))),
  ])

  const start: Stage['start'] = async (script, carried) => {
    const runId = randomUUID()
    const seen = emptySeen()
    runs.set(runId, { script, seen, nth: new Map(), busy: new Map(), calls: 0 })
    const handle = await client.workflow.start('syncRun', {
      taskQueue: TASK_QUEUE,
      workflowId: `sync/${runId}`,
      args: [
        {
          runId,
          epoch: 1,
          job: 'daily_history',
          requestId: null,
          ...(carried && { carried }),
        },
      ],
    })
    const progress = () => handle.query<Progress>('progress')
    const untilIt = (isSo: (now: Progress) => void) =>
      vi.waitFor(
        async () => {
          const now = await progress()
          isSo(now)
          return now
        },
        { timeout: 20_000 },
      )
    return {
      seen,
      handle,
      until: (condition, what) => untilSeen(seen, condition, what),
      end: () => handle.result() as Promise<ClosedRun>,
      progress,
      untilWaiting: () => untilIt(({ state }) => expect(state).toBe('waiting')),
      untilIdle: () => untilIt(({ currentRegions }) => expect(currentRegions).toEqual([])),
    }
  }
  return {
    start,
    play: async (script) => {
      const run = await start(script)
      await run.end()
      return run
    },
    stopWorker: async (source) => {
      await stop(sourceTaskQueue(source))
      return (options) => run(sourceTaskQueue(source), options)
    },
    histories: async () =>
      await Promise.all(
        [...runs.keys()].map(async (runId) => ({
          id: runId,
          history: await client.workflow.getHandle(`sync/${runId}`).fetchHistory(),
        })),
      ),
    bundle,
    close: async () => {
      await Promise.all([...running.keys()].map(stop))
      await native.close()
      await temporal.close()
    },
  }
}

async function untilSeen(seen: Seen, condition: (seen: Seen) => boolean, what = 'that'): Promise<void> {
  const deadline = Date.now() + 40_000
  while (!condition(seen)) {
    if (Date.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(seen, null, 1)}`)
    await sleep(10)
  }
}
