import { condition } from '@temporalio/workflow'
import type { Progress } from './contract/messages.ts'
import type { PauseGate } from './pause-gate.ts'

// A run that can do nothing for longer than this gives its lock back (rule 4).
const LONG_WAIT_MS = 15 * 60_000

interface LockContext {
  gate: PauseGate
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
 *   held → (nothing to do for long) → given back, waiting: others may run meanwhile
 *   given back → (resume, or something can be done again) → waits until no other run holds it → held
 *   draining → (resume) → held: it was never given back
 */
export class LockKeeper {
  readonly #context: LockContext
  #isHeld: boolean

  /** @param isHeld false when the execution before this one had given it back */
  constructor(context: LockContext, isHeld: boolean) {
    this.#context = context
    this.#isHeld = isHeld
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Never ends by itself. */
  async watch(): Promise<void> {
    const { gate } = this.#context
    for (;;) {
      await condition(() => !gate.isOpen || !this.#isHeld || this.#waitsLong())
      if (!gate.isOpen) await this.#drain()
      if (!this.#isHeld || gate.pauseWanted || (gate.isOpen && this.#waitsLong())) await this.#beWithout()
      this.#context.show('running')
      gate.reopen()
    }
  }

  async #drain(): Promise<void> {
    this.#context.show('pausing')
    await condition(() => this.#context.gate.drained)
  }

  async #beWithout(): Promise<void> {
    this.#isHeld = false
    await this.#waitForWork()
    if (this.#context.gate.pauseWanted) await this.#waitForResume()
    this.#context.show('waiting')
    await this.#context.takeAgain()
    this.#isHeld = true
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
    return this.#waits() && this.#context.nextStart() > Date.now() + LONG_WAIT_MS
  }
}
