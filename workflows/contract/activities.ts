import type {
  BatchInput,
  BatchOutcome,
  ClosedRun,
  CloseInput,
  OpenedRun,
  PlannedStage,
  ProbeOutcome,
  RunTotals,
  SourcePlace,
  Verification,
} from './messages.ts'
import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { SourceName } from '../../market/sources.ts'

export interface OwnedRun {
  runId: string
  epoch: number
}

/** What workflows may ask for. `activities/` implements it; workflows know only these types. */
export interface SyncActivities {
  /** Takes the run over: status, sources, stages. */
  openRun(input: OwnedRun): Promise<OpenedRun>
  /** Wanted − covered → batches of one stage. Asked again it gives what is still open. */
  planStage(input: OwnedRun & { stage: number }): Promise<PlannedStage>
  /** Works on one batch of one source until it is done, stopped or stuck. */
  syncBatch(input: BatchInput): Promise<BatchOutcome>
  /** One cheap live request to a place that may be up again. */
  probeSource(input: SourcePlace): Promise<ProbeOutcome>
  /** Gives up what is left of a batch: a failure record, or nothing where the dataset is optional. */
  giveUpBatch(
    input: OwnedRun & { seq: number; source: SourceName; errorClass: SourceErrorClass; message: string },
  ): Promise<RunTotals>
  /** The run's own open failures as new batches, once. */
  planRetries(input: OwnedRun): Promise<PlannedStage>
  verifyRun(input: OwnedRun): Promise<Verification>
  closeRun(input: CloseInput): Promise<ClosedRun>
  /** The run gives its lock back. */
  suspendRun(input: OwnedRun & { state: 'paused' | 'waiting'; message: string | null }): Promise<void>
  /** Takes the lock again; waits while another run holds it. */
  resumeRun(input: OwnedRun): Promise<void>
  logRun(input: OwnedRun & { level: 'info' | 'warn' | 'error'; message: string }): Promise<void>
}
