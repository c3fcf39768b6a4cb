import { CancellationScope, condition } from '@temporalio/workflow'
import { SOURCE_ERRORS } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import { BatchPool } from './batch-pool.ts'
import { choose, earliestStart, type Choice } from './choose.ts'
import type { BatchOutcome, PlannedDataset, SourcePlace } from './contract/messages.ts'
import { accountTrouble, batchName, DatasetSources } from './dataset-sources.ts'
import { LaneStopped, type LaneContext } from './lane-context.ts'
import { expandRanges } from './seq-ranges.ts'
import type { SourceView } from './source-news.ts'

/*
 * A lane works through one planned dataset: it hands each batch to a source (choose.ts says to which) and decides, by the
 * outcome, what is next. Datasets of one stage have a lane each, since upstreams grant calls per interface.
 *
 *   done                       → the next batch
 *   split                      → its children take its place; what the source does not serve is for others
 *   wait                       → back to the list; the source has no calls left for this dataset until then
 *   resting                    → back to the list; nothing goes to that place until a probe found it up
 *   failed, class says rest    → the same, and a strike (candidates.ts); another source gets the batch at once
 *   failed, class says isolate → another source gets it; the only one isolates it
 *   failed, class says skip    → the source is left out of the dataset
 *   failed, class says stop    → the source is left out of the run; without another the run fails
 *   fenced                     → somebody else did it, or owns the run
 *   not taken from its queue   → back to the list; no worker is there for the source, which is not its fault
 *
 * A batch that no source is left for is given up. A source that is alone is waited for; what the run can do without is
 * left for its end then.
 */

// Each is a statement or two; a whole dataset may have to be given up.
const GIVE_UPS_AT_ONCE = 4

export class Lane {
  readonly #dataset: string
  readonly #places: readonly SourcePlace[]
  readonly #isDispensable: boolean
  readonly #context: LaneContext
  readonly #pool: BatchPool
  readonly #sources: DatasetSources
  #error: Error | null = null

  constructor(planned: PlannedDataset, context: LaneContext) {
    this.#dataset = planned.dataset
    this.#places = planned.sources
    this.#isDispensable = planned.dispensable ?? false
    this.#context = context
    this.#pool = new BatchPool(planned.open)
    this.#sources = new DatasetSources(planned, context, () => this.#hasNews())
  }

  /** What is in hand, in words. */
  get inHand(): string[] {
    return [...this.#pool.inHand].map(([seq, holder]) =>
      holder === 'giving up'
        ? `${this.#dataset} batch ${seq}, given up`
        : batchName(this.#dataset, seq, holder),
    )
  }

  /** When the next batch may start; 0 when one is in hand or may start now, Infinity when none is left. */
  get nextStart(): number {
    return this.#pool.inHand.size > 0 ? 0 : earliestStart(this.#question())
  }

  /** The sources that cannot be asked now, with the reason. */
  get absences(): SourceView[] {
    return this.#sources.views().filter(({ kind }) => kind !== 'up')
  }

  /** Has to be called when something changed on the board. */
  boardChanged(): void {
    this.#sources.boardChanged()
  }

  /**
   * Ends when no batch is left, or `shouldStop` says so and those in hand are through.
   *
   * @returns true when batches are left for the end of the run
   */
  async run(): Promise<boolean> {
    const scope = new CancellationScope()
    for (const place of this.#places) this.#context.lookAfter(place)
    try {
      await scope.run(() => this.#handOut())
      if (!this.#isPostponed()) return false
      this.#sources.tellPostponed()
      return true
    } finally {
      // The first error ends the lane: batches in hand stop after the commit at hand.
      scope.cancel()
    }
  }

  async #handOut(): Promise<void> {
    this.boardChanged()
    for (;;) {
      await condition(() => this.#error !== null || this.#isOver() || this.#next() !== null)
      if (this.#error) throw this.#error
      if (this.#isOver()) return
      const next = this.#next()
      if (next?.place) this.#start(next.seq, next.place)
      else if (next) this.#giveUp(next.seq)
    }
  }

  #isOver(): boolean {
    if (this.#pool.inHand.size > 0) return false
    return this.#pool.pending.length === 0 || this.#context.shouldStop() || this.#isPostponed()
  }

  /** All that is left would have to wait, and need not be waited for. */
  #isPostponed(): boolean {
    const { pending } = this.#pool
    return (
      this.#sources.postpones && pending.length > 0 && pending.every((seq) => this.#sources.restsFor(seq))
    )
  }

  #hasNews(): boolean {
    return this.#pool.pending.length > 0 && !this.#isPostponed()
  }

  #next(): Choice | null {
    const { gate, mode } = this.#context
    if (!gate.isOpen || !this.#context.hasLock() || this.#context.shouldStop()) return null
    const mayGiveUp = this.#pool.load('giving up') < GIVE_UPS_AT_ONCE
    return choose({ ...this.#question(), mode, mayGiveUp })
  }

  #question() {
    return {
      pending: this.#pool.pending,
      placesFor: (seq: number) => this.#sources.candidates.of(seq),
      readiness: (place: SourcePlace) => this.#sources.readiness(place, this.#pool.load(place.source)),
    }
  }

  #start(seq: number, place: SourcePlace): void {
    const { source } = place
    const isolate = this.#sources.candidates.isolates(seq, source)
    this.#pool.take(seq, source)
    this.#context.onStart(source)
    this.#beside(async () => {
      const batch = { dataset: this.#dataset, seq, source, isolate }
      const sinceMs = Date.now()
      const done = await this.#context.gate.attempt(() => this.#context.syncBatch(batch))
      if (done === null) return this.#pool.putBack(seq)
      if (done.value === null) {
        this.#pool.putBack(seq)
        return this.#sources.notTaken(place, sinceMs)
      }
      this.#context.board.heard(source)
      this.#context.onTotals(done.value.totals)
      this.#settle(seq, place, done.value)
    })
  }

  #giveUp(seq: number): void {
    this.#failForAccount()
    const [fallback] = this.#context.sources
    if (fallback === undefined) throw new RangeError('a run without sources has no batches')
    const trouble = this.#sources.candidates.lastTrouble(seq, fallback)
    this.#pool.take(seq, 'giving up')
    this.#beside(async () => {
      this.#context.onTotals(await this.#context.giveUpBatch({ ...trouble, seq }))
      this.#drop(seq)
    })
  }

  /** A person has to act when nobody is left because of an account; unless the run can do without the dataset. */
  #failForAccount(): void {
    const { mode, board, sources } = this.#context
    const trouble = accountTrouble(this.#sources.candidates)
    if (trouble === undefined) return
    if ((mode === 'all' || this.#isDispensable) && board.deaths.length < sources.length) return
    const { hint } = SOURCE_ERRORS[trouble.errorClass]
    throw new LaneStopped('fatal', `${trouble.message}. What to do: ${hint}.`, trouble.errorClass)
  }

  #beside(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.#error ??= error instanceof Error ? error : new Error(String(error))
    })
  }

  #settle(seq: number, place: SourcePlace, outcome: BatchOutcome): void {
    switch (outcome.kind) {
      case 'done':
        this.#sources.served(place)
        this.#drop(seq)
        break
      case 'split':
        this.#split(seq, place.source, expandRanges(outcome.children), expandRanges(outcome.unserved))
        break
      case 'wait':
        this.#pool.putBack(seq)
        this.#sources.waits(place, outcome)
        break
      case 'resting':
        this.#pool.putBack(seq)
        this.#sources.rests({ ...place, untilMs: outcome.untilMs, reason: outcome.reason })
        break
      case 'fenced':
        throw new LaneStopped('fenced', outcome.reason)
      case 'failed':
        this.#pool.putBack(seq)
        this.#sources.failed(seq, place, outcome)
    }
    this.#sources.tellNews()
  }

  #split(seq: number, source: SourceName, children: readonly number[], unserved: readonly number[]): void {
    const { candidates } = this.#sources
    if (!unserved.includes(seq)) candidates.forget(seq)
    for (const each of unserved) candidates.exclude(each, source)
    this.#pool.replace(seq, [...children, ...unserved.filter((each) => !children.includes(each))])
  }

  #drop(seq: number): void {
    this.#pool.drop(seq)
    this.#sources.candidates.forget(seq)
  }
}
