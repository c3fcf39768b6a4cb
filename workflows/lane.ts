import { CancellationScope, condition, sleep } from '@temporalio/workflow'
import { SOURCE_ERRORS } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import type { BatchOutcome, PlannedDataset, RunTotals } from './contract/messages.ts'
import type { SyncActivities } from './contract/activities.ts'
import type { PauseGate } from './pause-gate.ts'
import { expandRanges } from './seq-ranges.ts'
import type { SourceRest } from './source-rest.ts'

/*
 * A lane works through the batches of one dataset: it keeps a window of them in flight and decides, by the outcome of
 * each, what is next. Datasets of one stage have a lane each, since upstreams grant calls per interface.
 *
 *   done                      → the next batch
 *   split                     → its children take its place
 *   wait                      → back to the list; no batch starts before that time
 *   failed, class says rest   → the source is probed: up → the batch again, isolating;
 *                               down → everything waits until the source is up
 *   failed, class says isolate→ isolated at once when the source has served this dataset before, else given up
 *   failed, class says skip   → the account may not call this interface: the whole dataset is given up
 *   failed, class says stop   → the run fails
 *   fenced                    → somebody else did it, or owns the run
 */

export interface LaneContext {
  runId: string
  epoch: number
  source: SourceName
  gate: PauseGate
  rest: SourceRest
  window: number
  activities: Pick<SyncActivities, 'giveUpBatch' | 'logRun'>
  syncBatch(seq: number, isolate: boolean): Promise<BatchOutcome>
  /** Resolves while the run holds its lock: it gives it back when nothing is to be done for long. */
  untilLocked(): Promise<void>
  onTotals(totals: RunTotals): void
  /** True once the server suggests to continue as new: the lane starts no more batches. */
  shouldStop(): boolean
}

/** The run cannot go on: wrong token, or a newer owner. */
export class LaneStopped extends Error {
  readonly kind: 'fatal' | 'fenced'

  constructor(kind: 'fatal' | 'fenced', message: string) {
    super(message)
    this.kind = kind
  }
}

export class Lane {
  readonly #context: LaneContext
  readonly #pending: number[]
  readonly #strikes = new Map<number, number>()
  readonly #inFlight = new Set<number>()
  #served = false
  #notBefore = 0
  #givenUp = 0

  constructor(dataset: PlannedDataset, context: LaneContext) {
    this.#context = context
    this.#pending = expandRanges(dataset.open)
  }

  get inFlight(): readonly number[] {
    return [...this.#inFlight]
  }

  /** When the next batch may start; 0 when one may start now, Infinity when none is left. */
  get nextStart(): number {
    if (this.#pending.length === 0 && this.#inFlight.size === 0) return Infinity
    return this.#notBefore > Date.now() ? this.#notBefore : 0
  }

  /** Ends when no batch is left, or `shouldStop` says so and those in flight are through. */
  async run(): Promise<void> {
    const scope = new CancellationScope()
    const workers = scope.run(() =>
      Promise.all(Array.from({ length: this.#context.window }, () => this.#work())),
    )
    try {
      await workers
    } catch (error) {
      // The first worker that fails ends the lane: the others stop after the commit at hand.
      scope.cancel()
      throw error
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      if (this.#context.shouldStop()) return
      const seq = this.#pending.shift()
      if (seq === undefined) {
        // A batch in flight may come back to the list or split.
        if (this.#inFlight.size === 0) return
        await condition(() => this.#pending.length > 0 || this.#inFlight.size === 0)
        continue
      }
      await this.#workOn(seq)
    }
  }

  async #workOn(seq: number): Promise<void> {
    this.#inFlight.add(seq)
    try {
      await this.#untilDue()
      const isolate = (this.#strikes.get(seq) ?? 0) >= 1
      const outcome = await this.#context.gate.run(() => this.#context.syncBatch(seq, isolate))
      this.#context.onTotals(outcome.totals)
      await this.#settle(seq, outcome)
    } finally {
      this.#inFlight.delete(seq)
    }
  }

  async #untilDue(): Promise<void> {
    await this.#context.rest.untilUp()
    const wait = this.#notBefore - Date.now()
    if (wait > 0) await sleep(wait)
    await this.#context.untilLocked()
  }

  async #settle(seq: number, outcome: BatchOutcome): Promise<void> {
    switch (outcome.kind) {
      case 'done':
        this.#served = true
        this.#strikes.delete(seq)
        return
      case 'split':
        this.#pending.unshift(...expandRanges(outcome.children))
        return
      case 'wait':
        this.#notBefore = Math.max(this.#notBefore, outcome.untilMs)
        this.#pending.unshift(seq)
        return
      case 'fenced':
        throw new LaneStopped('fenced', outcome.reason)
      case 'failed':
        await this.#settleFailure(seq, outcome)
    }
  }

  async #settleFailure(seq: number, outcome: Extract<BatchOutcome, { kind: 'failed' }>): Promise<void> {
    const { errorClass, message, cursor } = outcome
    const { next, hint } = SOURCE_ERRORS[errorClass]
    if (cursor > 0) this.#served = true
    if (next === 'stop') throw new LaneStopped('fatal', `${message}. What to do: ${hint}.`)
    if (next === 'skip') return await this.#giveUpAll(seq, outcome)
    const strikes = (this.#strikes.get(seq) ?? 0) + 1
    this.#strikes.set(seq, strikes)
    if (strikes > 2 || (next === 'isolate' && !this.#served && strikes > 1)) {
      // Batch after batch refused and none ever served: it is the interface, not the symbols.
      return !this.#served && this.#givenUp > 0
        ? await this.#giveUpAll(seq, outcome)
        : await this.#giveUp(seq, outcome)
    }
    if (next === 'rest') await this.#context.rest.check(errorClass, message)
    this.#pending.unshift(seq)
  }

  async #giveUp(seq: number, outcome: Extract<BatchOutcome, { kind: 'failed' }>): Promise<void> {
    const { runId, epoch, source } = this.#context
    const { errorClass, message } = outcome
    this.#givenUp++
    this.#context.onTotals(
      await this.#context.activities.giveUpBatch({ runId, epoch, seq, source, errorClass, message }),
    )
  }

  async #giveUpAll(seq: number, outcome: Extract<BatchOutcome, { kind: 'failed' }>): Promise<void> {
    const rest = this.#pending.splice(0)
    for (const each of [seq, ...rest]) await this.#giveUp(each, outcome)
  }
}
