import { CancellationScope, condition } from '@temporalio/workflow'
import { endedByCancel } from './cancelled.ts'

/**
 * Lets steps run while the gate is open; a pause cancels every step in flight, a resume starts them again from the
 * cursor that they committed.
 *
 *   open → (pause) → draining: steps in flight end after the commit at hand → shut
 *   shut → (resume) → open, once `reopen` is called: the run has its lock again
 *   draining → (resume) → open at once: the lock was never given back
 */
export class PauseGate {
  #wanted: 'open' | 'shut' = 'open'
  #isOpen = true
  readonly #scopes = new Set<CancellationScope>()

  get pauseWanted(): boolean {
    return this.#wanted === 'shut'
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** True when nothing runs any more. */
  get drained(): boolean {
    return this.#scopes.size === 0
  }

  pause(): void {
    this.#wanted = 'shut'
    this.#isOpen = false
    for (const scope of this.#scopes) scope.cancel()
  }

  /** Says that the run is to go on; steps start when `reopen` is called. */
  resume(): void {
    this.#wanted = 'open'
  }

  reopen(): void {
    if (this.#wanted === 'open') this.#isOpen = true
  }

  /** Runs `step`; a pause cancels it, a resume starts it again. */
  async run<T>(step: () => Promise<T>): Promise<T> {
    for (;;) {
      await condition(() => this.#isOpen)
      const done = await this.attempt(step)
      if (done) return done.value
    }
  }

  /** Runs `step` once, through a gate that is open; null when a pause cancelled it. */
  async attempt<T>(step: () => Promise<T>): Promise<{ value: T } | null> {
    const scope = new CancellationScope()
    this.#scopes.add(scope)
    try {
      return { value: await scope.run(step) }
    } catch (error) {
      // The scope is tested, not the flag: pause and resume may arrive in one workflow task, and by the time of this
      // catch the flag is open again.
      const workflowCancelled = CancellationScope.current().consideredCancelled
      if (!endedByCancel(error) || !scope.consideredCancelled || workflowCancelled) throw error
      return null
    } finally {
      this.#scopes.delete(scope)
    }
  }
}
