import type { Exclusive, ExclusiveHold } from '../../../sources/contract.ts'

interface Waiting {
  grant(): void
}

/** The right to be the only one, within one process. */
export class LocalExclusive implements Exclusive {
  /** How often it was granted. */
  granted = 0
  readonly #waiting: Waiting[] = []
  #held: AbortController | null = null

  get isHeld(): boolean {
    return this.#held !== null
  }

  /** Takes the right away from whoever has it. */
  lose(): void {
    this.#held?.abort(new Error('the lease ran out'))
    this.#held = null
    this.#next()
  }

  async acquire(signal: AbortSignal): Promise<ExclusiveHold> {
    signal.throwIfAborted()
    if (this.#held) await this.#wait(signal)
    const mine = new AbortController()
    this.#held = mine
    this.granted++
    const others = this.#waiting
    return {
      lost: mine.signal,
      get wanted() {
        return others.length > 0
      },
      release: async () => {
        if (this.#held !== mine) return
        this.#held = null
        this.#next()
      },
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const waiting = { grant: resolve }
      this.#waiting.push(waiting)
      signal.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(waiting)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(signal.reason as Error)
      })
    })
  }

  #next(): void {
    this.#waiting.shift()?.grant()
  }
}
