// Questions are answered within a second or two. Who says nothing for longer is most likely dead, and there are other sources:
// on a run of a minute a hang must not cost ten per cent.
const FIRST_MS = 3_000
// How long an answer proves that the server is there.
const HEARD_FOR_MS = 60_000

/** The time limit of one request. */
export interface Limit {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal
  /** What it is now, ms. */
  readonly ms: number
  /** An answer has begun: the full limit holds for the rest of it. */
  answered(): void
  /** Has to be called at the end, whatever it was. */
  end(): void
}

/**
 * How long a server is waited for: the full limit while it answers, and less when nothing was heard of it lately. One that
 * is slow but alive is found out, since each wait in vain is followed by one of twice the length.
 */
export class Patience {
  readonly #fullMs: number
  #unheardMs = FIRST_MS
  #heardAt = -Infinity

  constructor(fullMs: number) {
    this.#fullMs = fullMs
  }

  /** For a request that is sent now. */
  begin(): Limit {
    const expiry = new AbortController()
    const began = performance.now()
    const isThere = began - this.#heardAt < HEARD_FOR_MS
    let ms = isThere ? this.#fullMs : Math.min(this.#unheardMs, this.#fullMs)
    const expire = () => {
      this.#heardAt = -Infinity
      // Several that wait together end together, and are one wait in vain.
      this.#unheardMs = Math.max(this.#unheardMs, isThere ? FIRST_MS : Math.min(2 * ms, this.#fullMs))
      expiry.abort()
    }
    let timer = setTimeout(expire, ms)
    return {
      signal: expiry.signal,
      get ms() {
        return ms
      },
      answered: () => {
        const took = performance.now() - began
        this.#heardAt = began + took
        this.#unheardMs = Math.max(FIRST_MS, 2 * took)
        clearTimeout(timer)
        ms = this.#fullMs
        timer = setTimeout(expire, Math.max(0, ms - took))
      },
      end: () => clearTimeout(timer),
    }
  }
}
