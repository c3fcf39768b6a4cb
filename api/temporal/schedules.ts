import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client'
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common'
import { describeParams } from '../../market/describe-params.ts'
import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import {
  CLEAN_UP_SCHEDULE,
  CLEAN_UP_WORKFLOW,
  CLEAN_UP_WORKFLOW_ID,
} from '../../workflows/contract/clean-up.ts'
import { TASK_QUEUE } from '../../workflows/contract/ids.ts'
import {
  SCHEDULED_SYNC_WORKFLOW,
  scheduledWorkflowId,
  type ScheduledSyncInput,
} from '../../workflows/contract/schedule.ts'
import { describeSpec, type ScheduleTimes, specOf, type Timing } from '../scheduler/timing.ts'
import { TemporalRefused } from './errors.ts'
import { hedged } from './hedged.ts'

/** A schedule as it is to be. */
export interface ScheduleDraft {
  key: string
  job: Job
  params: RunParams
  timing: Timing
  paused: boolean
}

/** A schedule as Temporal has it. */
export interface KnownSchedule {
  key: string
  input: ScheduledSyncInput
  trigger: string
  times: ScheduleTimes | null
  timezone: string
  paused: boolean
  next: Date[]
  last: { scheduledAt: Date; takenAt: Date; workflowId: string } | null
}

const PREFIX = 'schedule/'
// Jobs find for themselves what is due: what a longer absence left out, the next start brings.
const DEFAULT_CATCHUP_HOURS = 24
export const scheduleIdOf = (key: string): string => PREFIX + key.replace('.', '/')

const JOB = defineSearchAttributeKey('SyncJob', SearchAttributeType.KEYWORD)
// Two callers may make and remove the same one at a time; more turns are a fight that nobody wins.
const MAX_TURNS = 5

// Before the market opens and after the night's runs.
const CLEAN_UP: ScheduleOptions = {
  scheduleId: CLEAN_UP_SCHEDULE,
  spec: { calendars: [{ hour: 4, minute: 40 }], timezone: 'Asia/Shanghai', jitter: '10m' },
  action: {
    type: 'startWorkflow',
    workflowType: CLEAN_UP_WORKFLOW,
    workflowId: CLEAN_UP_WORKFLOW_ID,
    taskQueue: TASK_QUEUE,
    staticSummary: 'forgets old logs, runs, notices and sessions',
  },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '24h' },
}

type Call = <T>(request: () => Promise<T>) => Promise<T>
// A schedule is described by a workflow of the server's own. Of 200 questions one hangs for 5 s, until the server looks for
// another worker for it; asked again it answers at once, as nearly always within 50 ms.
const ASK_AGAIN_MS = 500

/** Temporal Schedules, one for each key. Errors as those of TemporalGateway. */
export class ScheduleGateway {
  readonly #client: Client
  readonly #call: Call

  constructor(client: Client, call: Call) {
    this.#client = client
    this.#call = (request) => call(request).catch(rethrowRefusal)
  }

  /** @returns false when there is one of that key */
  async create(draft: ScheduleDraft, catchupHours?: number): Promise<boolean> {
    const options = { ...optionsOf(draft, catchupHours), scheduleId: scheduleIdOf(draft.key) }
    try {
      await this.#call(() => this.#client.schedule.create(options))
      return true
    } catch (error) {
      if (error instanceof ScheduleAlreadyRunning) return false
      throw error
    }
  }

  /** Makes it, or changes the one that is there. */
  async put(draft: ScheduleDraft, catchupHours?: number): Promise<void> {
    for (let turn = 1; turn <= MAX_TURNS; turn++) {
      if (await this.create(draft, catchupHours)) return
      const options = optionsOf(draft, catchupHours)
      if (await this.#ifThere(draft.key, (handle) => this.#hedged(() => handle.update(() => options)))) return
    }
    throw new Error(`schedule ${draft.key} is made and removed by others again and again`)
  }

  /** Null when there is none. */
  async describe(key: string): Promise<KnownSchedule | null> {
    try {
      return knownOf(key, await this.#hedged(() => this.#handle(key).describe()))
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return null
      throw error
    }
  }

  /** Keys of all that are listed; one that was made or removed a moment ago may be missing, or still be there. */
  async list(): Promise<string[]> {
    return await this.#call(async () => {
      const keys: string[] = []
      for await (const { scheduleId } of this.#client.schedule.list())
        if (scheduleId.startsWith(PREFIX)) keys.push(scheduleId.slice(PREFIX.length).replace('/', '.'))
      return keys
    })
  }

  /** The daily clean-up; one that is there stays as it is. */
  async keepCleanUp(): Promise<void> {
    try {
      await this.#call(() => this.#client.schedule.create(CLEAN_UP))
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error
    }
  }

  /** @returns false when there is none */
  async remove(key: string): Promise<boolean> {
    return await this.#ifThere(key, (handle) => this.#call(() => handle.delete()))
  }

  /** @returns false when there is none */
  async setPaused(key: string, paused: boolean): Promise<boolean> {
    return await this.#ifThere(key, (handle) =>
      this.#call(() => (paused ? handle.pause('paused by request') : handle.unpause('resumed by request'))),
    )
  }

  async #ifThere(key: string, act: (handle: ScheduleHandle) => Promise<void>): Promise<boolean> {
    try {
      await act(this.#handle(key))
      return true
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return false
      throw error
    }
  }

  /** For what describes a schedule, as its update does first; both may be done twice. */
  async #hedged<T>(request: () => Promise<T>): Promise<T> {
    const ask = (signal: AbortSignal) => this.#call(() => this.#client.withAbortSignal(signal, request))
    return await hedged(ask, ASK_AGAIN_MS)
  }

  #handle(key: string): ScheduleHandle {
    return this.#client.schedule.getHandle(scheduleIdOf(key))
  }
}

/** The client has an error of its own for times that the server does not take. */
function rethrowRefusal(error: unknown): never {
  throw error instanceof TypeError ? new TemporalRefused(error.message) : error
}

function optionsOf(
  { key, job, params, timing, paused }: ScheduleDraft,
  catchupHours = DEFAULT_CATCHUP_HOURS,
): Omit<ScheduleOptions, 'scheduleId' | 'state'> & { state: { paused: boolean } } {
  const input: ScheduledSyncInput = { job, params }
  return {
    spec: specOf(timing),
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULED_SYNC_WORKFLOW,
      workflowId: scheduledWorkflowId(key),
      taskQueue: TASK_QUEUE,
      args: [input],
      typedSearchAttributes: new TypedSearchAttributes([{ key: JOB, value: job }]),
      staticSummary: `${job} · ${describeParams(params)}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: `${catchupHours}h` },
    state: { paused },
  }
}

function knownOf(key: string, description: ScheduleDescription): KnownSchedule {
  const { spec, action, state, info } = description
  const [input] = (action.args ?? []) as ScheduledSyncInput[]
  if (input === undefined) throw new TypeError(`schedule ${key} was not made by this service`)
  const last = info.recentActions.at(-1)
  return {
    key,
    input,
    ...describeSpec(spec),
    paused: state.paused,
    next: info.nextActionTimes,
    last: last
      ? {
          scheduledAt: last.scheduledAt,
          takenAt: last.takenAt,
          workflowId: last.action.workflow.workflowId,
        }
      : null,
  }
}
