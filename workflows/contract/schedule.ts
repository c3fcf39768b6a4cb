import type { Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { FinalState } from './status.ts'

/*
 * What a schedule starts: a thin workflow that gets the lock, has the run done as its child and tries a failed one again.
 */

export const SCHEDULED_SYNC_WORKFLOW = 'scheduledSync'

/** The part of a workflow id that a schedule gives; the server appends the time. */
export const scheduledWorkflowId = (key: string): string => `scheduled/${key}`

export interface ScheduledSyncInput {
  job: Job
  params: RunParams
  /** Waits before the second try, the third one and so on, in ms; as usual where it is left out. */
  tryAgainAfterMs?: number[]
}

export interface ScheduledStart {
  /** Drawn by the workflow, so that a repetition finds the run that it has made. */
  runId: string
  job: Job
  params: RunParams
  /** When the schedule meant it to start (ISO 8601). */
  nominalTime: string
  /** The id of the workflow: what started the run. */
  requestId: string
}

/** `superseded`: a later run has brought it all since. */
export type OpenedStart = { kind: 'opened'; epoch: number } | { kind: 'superseded'; by: string }

/** How a run came to its end, as the database has it. */
export interface EndedRun {
  status: FinalState
  message: string | null
  /** It brought nothing of what it was about, and that may be otherwise in a while. */
  isWorthATry: boolean
}

export interface ScheduledResult {
  outcome: FinalState | 'superseded'
  /** The last try, or what superseded it. */
  runId: string
  tries: number
  message: string | null
}

/** What `scheduledSync` may ask for besides. */
export interface ScheduleActivities {
  /** Makes the pending run, which holds the lock; waits while another one holds it. */
  openScheduledRun(input: ScheduledStart): Promise<OpenedStart>
  /** Waits for the end of a run, whoever has started it. */
  awaitRun(input: { runId: string }): Promise<EndedRun>
  /** Ends a run that has not begun; nothing when there is none. */
  abandonRun(input: { runId: string }): Promise<void>
}
