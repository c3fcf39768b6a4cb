import { orAborted } from './aborting.ts'

/** One at a time, in the order in which they came. */
export class Turns {
  #last: Promise<void> = Promise.resolve()
  #taken = 0

  /** True while nobody has a turn and nobody waits for one. */
  get isFree(): boolean {
    return this.#taken === 0
  }

  /**
   * Waits for a turn and has it until `work` ends.
   *
   * @throws the signal's reason when it came before the turn; what `work` throws
   */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const before = this.#last
    let pass: () => void = () => undefined
    // Who gave up waiting passes on only what has come to it: the turn of the one before it.
    const mine = new Promise<void>((resolve) => (pass = resolve))
    this.#last = before.then(() => mine)
    this.#taken++
    try {
      await orAborted(before, signal)
      return await work()
    } finally {
      this.#taken--
      pass()
    }
  }
}
