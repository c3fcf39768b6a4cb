// Each costs a few dozen bytes; past this many the ones that were not asked for longest are forgotten.
const MOST_BUCKETS = 10_000
const MINUTE_MS = 60_000

/** How often each of many may do something: `perMinute` at once, then evenly. In the memory of this process. */
export class Buckets {
  readonly #perMinute: number
  /** Tokens left at a time. In the order of the last use. */
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** @returns 0 when it was granted, else the seconds until it will be */
  take(who: string, now = performance.now()): number {
    const { tokens, at } = this.#buckets.get(who) ?? { tokens: this.#perMinute, at: now }
    const filled = Math.min(this.#perMinute, tokens + ((now - at) / MINUTE_MS) * this.#perMinute)
    const granted = filled >= 1
    this.#buckets.delete(who)
    this.#buckets.set(who, { tokens: granted ? filled - 1 : filled, at: now })
    this.#forget()
    return granted ? 0 : Math.ceil(((1 - filled) / this.#perMinute) * (MINUTE_MS / 1000))
  }

  #forget(): void {
    for (const who of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_BUCKETS) return
      this.#buckets.delete(who)
    }
  }
}
