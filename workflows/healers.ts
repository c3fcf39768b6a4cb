import { CancellationScope, sleep } from '@temporalio/workflow'
import { endedByCancel } from './cancelled.ts'
import type { ProbeOutcome, SourcePlace } from './contract/messages.ts'
import { keyOf, type SourceBoard } from './source-board.ts'
import { reasonOf } from './trouble.ts'

// After a probe that names no time in the future: the clock of the database may be a little behind this one.
const PROBE_AGAIN_MS = 5_000

/**
 * One for each place that rests: sleeps until its time, asks it, and says on the board what it found, until it is up. Where
 * no worker is, the question waits for one.
 * Nobody waits for them but a batch that has no other source, and they end with the run.
 */
export class Healers {
  readonly #board: SourceBoard
  readonly #probe: (place: SourcePlace) => Promise<ProbeOutcome>
  readonly #scope = new CancellationScope()
  readonly #busy = new Set<string>()
  #fail: (error: unknown) => void = () => undefined
  /** Rejects when a probe ends with a bug; never resolves. */
  readonly broken: Promise<never>

  constructor(board: SourceBoard, probe: (place: SourcePlace) => Promise<ProbeOutcome>) {
    this.#board = board
    this.#probe = probe
    this.broken = new Promise<never>((_resolve, reject) => {
      this.#fail = reject
    })
    this.broken.catch(() => undefined)
  }

  /** Looks after a place if it rests. */
  lookAfter(place: SourcePlace): void {
    const key = keyOf(place)
    if (this.#busy.has(key) || this.#board.restOf(place) === null) return
    this.#busy.add(key)
    this.#scope
      .run(() => this.#heal(place))
      .catch((error: unknown) => {
        if (!endedByCancel(error)) this.#fail(error)
      })
      .finally(() => this.#busy.delete(key))
  }

  end(): void {
    this.#scope.cancel()
  }

  async #heal({ source, site }: SourcePlace): Promise<void> {
    const place = { source, site }
    for (let rest = this.#board.restOf(place); rest !== null; rest = this.#board.restOf(place)) {
      const wait = rest.untilMs - Date.now()
      if (wait > 0) {
        await sleep(wait)
        continue
      }
      const { up, errorClass, message, restingUntilMs } = await this.#probe(place)
      this.#board.heard(source)
      if (up) return this.#board.up(place)
      const untilMs = restingUntilMs > Date.now() ? restingUntilMs : Date.now() + PROBE_AGAIN_MS
      const wasAsked = errorClass !== null
      const reason = wasAsked ? reasonOf({ errorClass, message }) : rest.reason
      this.#board.stillDown({ ...place, untilMs, reason }, wasAsked)
    }
  }
}
