import { setTimeout as sleep } from 'node:timers/promises'
import { whyAway } from './refusal.ts'

// A service that is started anew is back within seconds, one whose disk is full when somebody has made room.
const LIMIT_MS = 10 * 60_000
const AGAIN_MS = 1_000

/** A service that is away while somebody watches: that is said once, waited for, and said again when it is back. */
export class Absence {
  readonly #say: (line: string) => void
  readonly #gaveUp = new AbortController()
  #since: number | null = null

  /** @param say where a person, or a program, is told */
  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** Aborts, with what was noted last, once that has lasted too long. */
  get signal(): AbortSignal {
    return this.#gaveUp.signal
  }

  note(error: unknown): void {
    const why = whyAway(error) ?? (error instanceof Error ? error.message : String(error))
    if (this.#since === null) this.#say(`the service does not answer (${why}): waiting for it`)
    this.#since ??= performance.now()
    if (performance.now() - this.#since > LIMIT_MS) this.#gaveUp.abort(error)
  }

  over(): void {
    if (this.#since !== null) this.#say('the service is back')
    this.#since = null
  }

  /**
   * What the service answers, once it does.
   *
   * @param stop ends the waiting
   * @throws any error by which it is not away, and that of an absence that has lasted too long
   */
  async bridge<T>(ask: () => Promise<T>, stop: AbortSignal): Promise<T> {
    for (;;) {
      try {
        const answer = await ask()
        this.over()
        return answer
      } catch (error) {
        if (whyAway(error) === null) throw error
        this.note(error)
        this.signal.throwIfAborted()
        await sleep(AGAIN_MS, undefined, { signal: stop })
      }
    }
  }
}
