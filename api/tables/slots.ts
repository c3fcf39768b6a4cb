export interface SlotLimits {
  /** So many at once. */
  count: number
  /** So many of them for one caller; all but one when it is left out. */
  each?: number
  /** How long one is waited for. */
  waitMs: number
}

interface Waiting {
  who: string
  go: () => void
}

// Whoever waits has a connection to the service, of which there are 2,000: they must not all be one caller's.
const MOST_WAITING = 20

/**
 * So many may do something at once; the others wait for their turn, and not for ever. A slot goes to the caller who has
 * fewest, then to whoever has waited longest, and nobody has all of them: many questions of one caller keep no other out.
 */
export class Slots {
  readonly #each: number
  readonly #waitMs: number
  readonly #held = new Map<string, number>()
  readonly #waiting: Waiting[] = []
  #free: number

  constructor({ count, each = Math.max(1, count - 1), waitMs }: SlotLimits) {
    this.#free = count
    this.#each = each
    this.#waitMs = waitMs
  }

  /**
   * Resolves with the function that gives the slot back, or with null when none became free in time.
   *
   * @param who shares the slots with others
   * @param signal aborted: nobody waits any more
   */
  async take(who: string, signal?: AbortSignal): Promise<(() => void) | null> {
    if (this.#free > 0 && this.#heldBy(who) < this.#each) this.#hold(who)
    else if (!(await this.#turn(who, signal))) return null
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#giveBack(who)
    }
  }

  #turn(who: string, signal: AbortSignal | undefined): Promise<boolean> {
    const ahead = this.#waiting.filter((other) => other.who === who).length
    if (ahead >= MOST_WAITING || signal?.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const end = (isGranted: boolean): void => {
        clearTimeout(tooLate)
        signal?.removeEventListener('abort', giveUp)
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        resolve(isGranted)
      }
      const giveUp = (): void => end(false)
      const waiting = { who, go: () => end(true) }
      const tooLate = setTimeout(giveUp, this.#waitMs)
      signal?.addEventListener('abort', giveUp)
      this.#waiting.push(waiting)
    })
  }

  #heldBy(who: string): number {
    return this.#held.get(who) ?? 0
  }

  #hold(who: string): void {
    this.#free--
    this.#held.set(who, this.#heldBy(who) + 1)
  }

  #giveBack(who: string): void {
    this.#free++
    const left = this.#heldBy(who) - 1
    if (left > 0) this.#held.set(who, left)
    else this.#held.delete(who)
    for (let next = this.#next(); next && this.#free > 0; next = this.#next()) {
      this.#hold(next.who)
      next.go()
    }
  }

  /** Whose turn it is. */
  #next(): Waiting | null {
    let next: Waiting | null = null
    for (const waiting of this.#waiting) {
      const held = this.#heldBy(waiting.who)
      if (held < this.#each && (next === null || held < this.#heldBy(next.who))) next = waiting
    }
    return next
  }
}
