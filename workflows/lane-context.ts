import type { SourceMode } from '../market/run-params.ts'
import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import type { BatchOutcome, RunTotals, SourcePlace } from './contract/messages.ts'
import type { PauseGate } from './pause-gate.ts'
import type { RunLog } from './run-log.ts'
import type { SourceBoard } from './source-board.ts'
import type { Trouble } from './trouble.ts'

/** What a lane needs of its run. */
export interface LaneContext {
  mode: SourceMode
  /** Every source of the run. */
  sources: readonly SourceName[]
  gate: PauseGate
  board: SourceBoard
  log: RunLog
  /** True when what is dispensable may be left for the end of the run. */
  mayPostpone: boolean
  /** @returns null when no worker took it in time */
  syncBatch(batch: {
    dataset: string
    seq: number
    source: SourceName
    isolate: boolean
  }): Promise<BatchOutcome | null>
  giveUpBatch(input: Trouble & { seq: number }): Promise<RunTotals>
  /** Sees to it that a place that rests is probed. */
  lookAfter(place: SourcePlace): void
  /** False while the run has given its lock back. */
  hasLock(): boolean
  /** True once the server suggests to continue as new: a lane starts no more batches. */
  shouldStop(): boolean
  onTotals(totals: RunTotals): void
  onStart(source: SourceName): void
  /** The sources that do a dataset have changed; empty while it waits. */
  onUse(sources: readonly SourceName[]): void
}

/** The run cannot go on: wrong token, or a newer owner. */
export class LaneStopped extends Error {
  readonly kind: 'fatal' | 'fenced'
  /** Where a source is the reason. */
  readonly errorClass: SourceErrorClass | undefined

  constructor(kind: 'fatal' | 'fenced', message: string, errorClass?: SourceErrorClass) {
    super(message)
    this.kind = kind
    this.errorClass = errorClass
  }
}
