import { CancellationScope, condition } from '@temporalio/workflow'
import { endedByCancel } from './cancelled.ts'
import type { Progress } from './contract/messages.ts'
import type { PauseGate } from './pause-gate.ts'

/** A run that can do nothing for longer than this gives its lock back (rule 4), ms. */
export const LONG_WAIT_MS = 15 * 60_000

interface LockContext {
  gate: PauseGate
  /** How long a run that can do nothing keeps the lock, ms. */
  longWaitMs(): number
  /** Batches that somebody works on. */
  inHand(): number
  /** When something can be done again; 0 when it can be now, Infinity when nothing is left to do. */
  nextStart(): number
  /** What a wait until then is for, in words. */
  describeWait(untilMs: number): string
  giveBack(state: 'paused' | 'waiting', message: string): Promise<void>
  takeAgain(): Promise<void>
  show(state: Progress['state']): void
}

/**
 * Looks after the run's lock beside its work.
 *
 *   held → (pause)                → draining: steps in flight end after the commit at hand → given back, paused
 *   held → (nothing to do for long, in one wait or in several on end) → given back, waiting: others may run meanwhile
 *   held → (another one goes first) → no batch is started any more; when none is in hand: given back, waiting
 *   given back → (resume, or something can be done again) → waits until no other run holds it or goes first → held
 *   waits for it → (pause) → given back, paused
 *   draining → (resume) → held: it was never given back
 */
export class LockKeeper {
  readonly #context: LockContext
  #isHeld: boolean
  /** The job that goes first. */
  #first: string | null = null
  /** Short waits have followed each other for long: a source is asked every few minutes and stays down. */
  #hasIdled = false

  /** @param isHeld false when the execution before this one had given it back */
  constructor(context: LockContext, isHeld: boolean) {
    this.#context = context
    this.#isHeld = isHeld
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Another job is to have the lock as soon as no batch is in hand. */
  giveWay(job: string): void {
    if (this.#isHeld) this.#first ??= job
  }

  /** Never ends by itself. */
  async watch(): Promise<void> {
    const { gate } = this.#context
    for (;;) {
      await this.#untilNeeded()
      if (this.#first !== null) await this.#letGo(this.#first)
      if (!gate.isOpen) await this.#drain()
      if (!this.#isHeld || gate.pauseWanted || (gate.isOpen && this.#waitsLong())) await this.#beWithout()
      this.#hasIdled = false
      this.#context.show('running')
      gate.reopen()
    }
  }

  async #untilNeeded(): Promise<void> {
    const context = this.#context
    const { gate } = context
    const isNeeded = () => !gate.isOpen || !this.#isHeld || this.#first !== null || this.#waitsLong()
    const isIdle = () => context.inHand() === 0 && this.#waits()
    while (!isNeeded()) {
      await condition(() => isNeeded() || isIdle())
      if (isNeeded()) return
      this.#hasIdled = !(await condition(() => isNeeded() || !isIdle(), context.longWaitMs()))
    }
  }

  async #drain(): Promise<void> {
    this.#context.show('pausing')
    await condition(() => this.#context.gate.drained)
  }

  /** Nothing in hand is cancelled: each batch is brought to its end. A pause comes before. */
  async #letGo(job: string): Promise<void> {
    const context = this.#context
    this.#isHeld = false
    await condition(() => context.inHand() === 0 || context.gate.pauseWanted)
    this.#first = null
    if (context.gate.pauseWanted) return
    await context.giveBack('waiting', `gives way to ${job}`)
    context.show('waiting')
  }

  async #beWithout(): Promise<void> {
    this.#isHeld = false
    do {
      await this.#waitForWork()
      if (this.#context.gate.pauseWanted) await this.#waitForResume()
      this.#context.show('waiting')
    } while (!(await this.#takeAgain()))
    this.#isHeld = true
  }

  /** @returns false when a pause came before: whoever waits for the lock can be paused at once */
  async #takeAgain(): Promise<boolean> {
    const { gate } = this.#context
    const scope = new CancellationScope()
    const watching = new CancellationScope()
    watching
      .run(() => condition(() => gate.pauseWanted))
      .then(
        () => scope.cancel(),
        () => undefined,
      )
    try {
      await scope.run(() => this.#context.takeAgain())
      return true
    } catch (error) {
      const isOurs = scope.consideredCancelled && !CancellationScope.current().consideredCancelled
      if (!endedByCancel(error) || !isOurs) throw error
      return false
    } finally {
      watching.cancel()
    }
  }

  async #waitForWork(): Promise<void> {
    const { gate } = this.#context
    while (!gate.pauseWanted && this.#waits()) {
      const until = this.#context.nextStart()
      if (this.#waitsLong()) await this.#context.giveBack('waiting', this.#context.describeWait(until))
      this.#context.show('waiting')
      // A probe that finds a source still down makes it later.
      await condition(() => gate.pauseWanted || !this.#waits() || this.#context.nextStart() > until)
    }
  }

  async #waitForResume(): Promise<void> {
    await this.#context.giveBack('paused', 'paused by request')
    this.#context.show('paused')
    await condition(() => !this.#context.gate.pauseWanted)
  }

  #waits(): boolean {
    const next = this.#context.nextStart()
    return next > 0 && Number.isFinite(next)
  }

  #waitsLong(): boolean {
    if (!this.#waits()) return false
    return this.#hasIdled || this.#context.nextStart() > Date.now() + this.#context.longWaitMs()
  }
}
