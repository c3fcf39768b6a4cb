import type { Job } from '../../market/jobs.ts'
import type { SourceMode } from '../../market/run-params.ts'
import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { SourceName } from '../../market/sources.ts'
import type { FinalState } from './status.ts'

/*
 * Everything that crosses Temporal: ids, cursors, counts and short texts, never rows and never secrets (rule 1).
 */

export const SYNC_RUN_WORKFLOW = 'syncRun'
export const PAUSE_SIGNAL = 'pause'
export const RESUME_SIGNAL = 'resume'
export const CANCEL_SIGNAL = 'cancel'
export const PROGRESS_QUERY = 'progress'

/** Pause, resume and cancel name their run; one for another run is ignored. From the Web UI it may be left out. */
export interface SteeringMessage {
  runId?: string
}

export interface SyncRunInput {
  runId: string
  epoch: number
  job: Job
  requestId: string | null
  /**
   * Set by continue-as-new only. `waiting`: the lock was given back because nothing could be done. `postponed`: stages of
   * which something was left for the end.
   */
  carried?: { stage: number; paused: boolean; waiting?: boolean; postponed?: number[] }
}

/** Counters of a run as they stood in the database after some commit. */
export interface RunTotals {
  total: number
  done: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
  calls: number
  cellsTotal: number
  cellsDone: number
  /** Open failures. */
  errors: number
}

export interface Progress extends RunTotals {
  runId: string
  job: Job
  state: 'running' | 'pausing' | 'paused' | 'waiting' | 'closing'
  percent: number
  /** Cells a second of the last batches, since the run went on. */
  rate: number
  etaSeconds: number | null
  stage: string
  /** The regions in flight, newest first, in words. */
  currentRegions: string[]
  /** The one that does the newest batch. */
  source: SourceName | null
  /** Parts of sources that are not asked before `until` (ISO 8601). */
  resting: (SourcePlace & { until: string; reason: string })[]
}

/** Numbers of batches as ranges, so that thousands of them stay a few bytes: `[[1, 97], [120, 120]]`. */
export type SeqRanges = [number, number][]

/** A part of a source that is up or down as one. */
export interface SourcePlace {
  source: SourceName
  site: string
}

/** A place that rests: nothing is asked of it before that time. */
export interface Resting extends SourcePlace {
  untilMs: number
  reason: string
}

export interface OpenedRun {
  job: Job
  stages: number
  mode: SourceMode
  /** Sources that are switched on, in the order in which this run prefers them. */
  sources: SourceName[]
  /** Places that rest already, because of what other runs met. */
  resting: Resting[]
  /** How long a batch may wait for a worker of its source; as usual where it is left out. */
  queueLimitMs?: number
  /** How long a run that can do nothing keeps the lock; as usual where it is left out. */
  longWaitMs?: number
  totals: RunTotals
}

/** Batches of one dataset and who may do them. With `all` there is one for each source. */
export interface PlannedDataset {
  dataset: string
  open: SeqRanges
  calls: number
  /** Best first. */
  sources: SourcePlace[]
  /** The run can end without: while there are other sources, those that are down are asked at the end, and not waited for. */
  dispensable?: true
}

export interface PlannedStage {
  datasets: PlannedDataset[]
  totals: RunTotals
}

export interface BatchInput {
  runId: string
  epoch: number
  seq: number
  source: SourceName
  /** The source is up but this batch keeps failing: halve the failing call until the bad symbol stands alone. */
  isolate: boolean
}

/** `goesFirst`: a job that waits for the lock of this run, which is to give way to it. */
export type BatchOutcome = { totals: RunTotals; goesFirst?: string } & (
  | { kind: 'done' }
  /** Its children take its place: it was too large for the source, or the source does not serve all of it (`unserved`). */
  | { kind: 'split'; children: SeqRanges; unserved: SeqRanges }
  /** The budget grants the next call only later. */
  | { kind: 'wait'; untilMs: number; reason: string }
  /** The source rests, and was not asked. */
  | { kind: 'resting'; untilMs: number; reason: string }
  /** `restingUntilMs`: until when the source rests because of it; null when it need not. */
  | {
      kind: 'failed'
      errorClass: SourceErrorClass
      message: string
      cursor: number
      restingUntilMs: number | null
    }
  /** The run has a newer owner, or the batch was done by another attempt. */
  | { kind: 'fenced'; reason: string }
)

export interface ProbeOutcome {
  up: boolean
  errorClass: SourceErrorClass | null
  message: string
  /** When it may be probed again; 0 when it is up. */
  restingUntilMs: number
  /** Of the request, without the waiting for its turn; absent when there was no good answer. */
  latencyMs?: number
}

export interface Verification {
  dates: number
  complete: number
  completeWithGaps: number
  incomplete: number
  unverified: number
  missingCells: number
  /** The newest session, where no source has brought anything of it; it counts as incomplete. */
  awaited?: string
  /** Exchanges that no source that is switched on serves. */
  notServed?: string[]
}

export interface CloseInput {
  runId: string
  epoch: number
  outcome: 'finished' | 'failed' | 'cancelled'
  message: string | null
  /** Why it failed, where a source is the reason. */
  errorClass?: SourceErrorClass
}

export interface ClosedRun {
  status: FinalState
  totals: RunTotals
  message: string | null
  /** What each source left undone, in words; absent when nothing. */
  notes?: string[]
}
