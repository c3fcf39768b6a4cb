import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TimeoutFailure,
  TypedSearchAttributes,
} from '@temporalio/common'
import { type Execution, executionOf } from '../../workflows/contract/execution.ts'
import { TASK_QUEUE } from '../../workflows/contract/ids.ts'
import {
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
  SYNC_RUN_WORKFLOW,
  type SyncRunInput,
} from '../../workflows/contract/messages.ts'
import {
  PROBE_SOURCES_WORKFLOW,
  PROBE_TOTAL_LIMIT_MS,
  type ProbedPlace,
  type ProbeSourcesInput,
} from '../../workflows/contract/probe.ts'
import { WatchedConnection } from './connection.ts'
import { asTemporalError, TemporalAway } from './errors.ts'
import { ScheduleGateway } from './schedules.ts'

export interface WorkflowStart {
  workflowId: string
  input: SyncRunInput
  /** One line for the list in the Temporal Web UI. */
  summary: string
  details: string
}

const JOB = defineSearchAttributeKey('SyncJob', SearchAttributeType.KEYWORD)
const RUN_ID = defineSearchAttributeKey('SyncRunId', SearchAttributeType.KEYWORD)
const STATE = defineSearchAttributeKey('SyncState', SearchAttributeType.KEYWORD)

// The client repeats calls for up to half a minute by itself; a person who waits for an answer gets one before that.
const CALL_LIMIT_MS = 5_000
// Without a connection after so long the server counts as away: one that is only slow has a connection.
const CONNECT_LIMIT_MS = 1_000

// The probes' own limit, and what two workflow tasks take on a busy machine.
const PROBES_LIMIT_MS = PROBE_TOTAL_LIMIT_MS + 5_000
// Until the server's word of it has come.
const PROBES_WAIT_MS = PROBES_LIMIT_MS + 3_000

/** Whether a connection stands; true where it does not tell. */
const isConnected = ({ connection }: Client): boolean =>
  connection instanceof WatchedConnection ? connection.isUp : true

// TaskQueueType of Temporal's protocol.
const QUEUE_TYPES = { workflow: 1, activity: 2 } as const

/** Everything that the API asks of Temporal. Each call is limited in time and throws TemporalAway or TemporalRefused. */
export class TemporalGateway {
  readonly #client: Client
  readonly #asked = new Set<Promise<unknown>>()
  readonly namespace: string
  readonly schedules: ScheduleGateway

  constructor(client: Client, namespace: string) {
    this.#client = client
    this.namespace = namespace
    this.schedules = new ScheduleGateway(client, (request) => this.call(request))
  }

  /** Starts the workflow of a run; throws WorkflowExecutionAlreadyStartedError while an execution of it is open. */
  async start({ workflowId, input, summary, details }: WorkflowStart): Promise<void> {
    await this.call(() =>
      this.#client.workflow.start(SYNC_RUN_WORKFLOW, {
        taskQueue: TASK_QUEUE,
        workflowId,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        args: [input],
        memo: {
          runId: input.runId,
          job: input.job,
          epoch: input.epoch,
          requestId: input.requestId,
        },
        typedSearchAttributes: new TypedSearchAttributes([
          { key: JOB, value: input.job },
          { key: RUN_ID, value: input.runId },
          { key: STATE, value: 'pending' },
        ]),
        staticSummary: summary,
        staticDetails: details,
      }),
    )
  }

  /** The newest execution of a workflow. `none` is a fact: the namespace was asked and answered. */
  async describe(workflowId: string): Promise<Execution> {
    try {
      return executionOf(await this.call(() => this.#client.workflow.getHandle(workflowId).describe()))
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error
      await this.checkNamespace()
      return { kind: 'none' }
    }
  }

  /** Throws TemporalAway unless the namespace answers. */
  async checkNamespace(): Promise<void> {
    const { workflowService } = this.#client
    await this.call(() => workflowService.describeNamespace({ namespace: this.namespace }))
  }

  /** Sends pause, resume or cancel to a run; throws WorkflowNotFoundError when no execution is open. */
  async steer(action: 'pause' | 'resume' | 'cancel', run: { id: string; workflowId: string }): Promise<void> {
    const handle = this.#client.workflow.getHandle(run.workflowId)
    const signal = action === 'pause' ? PAUSE_SIGNAL : RESUME_SIGNAL
    await this.call(async () => {
      if (action === 'cancel') await handle.cancel()
      else await handle.signal(signal, { runId: run.id })
    })
  }

  /**
   * Asks places through the workers, and waits for what they say.
   *
   * @returns null when no worker has brought it to an end in time
   */
  async probe(workflowId: string, input: ProbeSourcesInput): Promise<ProbedPlace[] | null> {
    const handle = await this.call(() =>
      this.#client.workflow.start(PROBE_SOURCES_WORKFLOW, {
        taskQueue: TASK_QUEUE,
        workflowId,
        args: [input],
        workflowExecutionTimeout: PROBES_LIMIT_MS,
        staticSummary: `test of ${[...new Set(input.places.map(({ source }) => source))].join(', ')}`,
      }),
    )
    try {
      return (await this.call(() => handle.result(), PROBES_WAIT_MS)) as ProbedPlace[]
    } catch (error) {
      if (error instanceof WorkflowFailedError && error.cause instanceof TimeoutFailure) return null
      throw error
    }
  }

  /** Ends one execution at once; for those whose run has another owner. */
  async terminate(workflowId: string, executionId: string, reason: string): Promise<void> {
    await this.call(() => this.#client.workflow.getHandle(workflowId, executionId).terminate(reason))
  }

  /** What a closed execution came to: its result, or the text of its failure. */
  async endOf(workflowId: string, executionId: string): Promise<{ result: unknown } | { failure: string }> {
    const handle = this.#client.workflow.getHandle(workflowId, executionId, { followRuns: false })
    try {
      return { result: await this.call(() => handle.result()) }
    } catch (error) {
      if (error instanceof WorkflowFailedError)
        return { failure: rootOf(error.cause)?.message ?? error.message }
      throw error
    }
  }

  /** Programs that ask for work of the queue, with how long ago they did. */
  async pollers(kind: 'workflow' | 'activity'): Promise<{ identity: string; agoMs: number }[]> {
    const { pollers } = await this.call(() =>
      this.#client.workflowService.describeTaskQueue({
        namespace: this.namespace,
        taskQueue: { name: TASK_QUEUE },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum's package is no dependency of ours
        taskQueueType: QUEUE_TYPES[kind],
      }),
    )
    return pollers.map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      agoMs: Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000,
    }))
  }

  /** Resolves when no request is under way, answered or given up. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#asked)
  }

  /** Runs one request with a time limit; errors come out as TemporalAway or TemporalRefused where they are such. */
  async call<T>(request: () => Promise<T>, limitMs = CALL_LIMIT_MS): Promise<T> {
    const asked = this.#client.withDeadline(Date.now() + limitMs, request)
    this.#asked.add(asked)
    const forget = () => void this.#asked.delete(asked)
    asked.then(forget, forget)
    let timer: NodeJS.Timeout | undefined
    const unconnected = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        if (isConnected(this.#client)) return
        reject(new TemporalAway('no connection'))
      }, CONNECT_LIMIT_MS)
    })
    try {
      return await Promise.race([asked, unconnected])
    } catch (error) {
      throw asTemporalError(error)
    } finally {
      clearTimeout(timer)
    }
  }
}

export { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError }

/** The innermost cause says most. */
function rootOf(error: Error | undefined): Error | undefined {
  return error?.cause instanceof Error ? rootOf(error.cause) : error
}
