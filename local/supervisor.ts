import { setTimeout as sleep } from 'node:timers/promises'
import { sendSignal } from './process-info.ts'

/*
 * A part is `starting` until its start() resolves, then `running`. When it ends by itself it is `waiting` for its
 * back-off, and `starting` again; a start that fails counts as an end. Once it has run for `healthyMs` its back-off
 * begins anew. `stop` ends the parts one by one in the reverse of the order in which they were started; a part that
 * is waiting then is not started again.
 */

/** What a part is while it runs. */
export interface RunningPart {
  pid: number
  /** Where it is, for the line that is printed: an address, or nothing. */
  at: string
  exited: Promise<string>
  stop(): Promise<void>
}

export interface Part {
  name: string
  /** Comes up, or rejects; gives up early when `signal` says that everything ends. */
  start(signal: AbortSignal): Promise<RunningPart>
}

export interface SupervisorOptions {
  log: (line: string) => void
  backoffMs?: { first: number; most: number; healthyMs: number }
}

export interface PartState {
  name: string
  pid: number | undefined
  restarts: number
}

// The first restart is quick, since most ends are single accidents; 15 s at most, so that a part whose cause has gone is back soon.
const BACKOFF = { first: 250, most: 15_000, healthyMs: 30_000 }

interface Slot {
  part: Part
  running: RunningPart | undefined
  restarts: number
  /** Why it is not back, as it was told last. */
  told: string | undefined
  watching: Promise<void>
}

/** Keeps parts running until it is stopped. */
export class Supervisor {
  readonly #log: (line: string) => void
  readonly #backoffMs: NonNullable<SupervisorOptions['backoffMs']>
  readonly #slots: Slot[] = []
  readonly #stopping = new AbortController()

  constructor({ log, backoffMs = BACKOFF }: SupervisorOptions) {
    this.#log = log
    this.#backoffMs = backoffMs
  }

  /** Starts parts side by side; rejects when one of them does not come up. */
  async start(parts: readonly Part[]): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    const outcomes = await Promise.allSettled(parts.map((part) => this.#begin(part)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  part(name: string): PartState {
    const slot = this.#slots.find((candidate) => candidate.part.name === name)
    if (!slot) throw new Error(`there is no part ${name}`)
    return { name, pid: slot.running?.pid, restarts: slot.restarts }
  }

  /** Ends a part so that it is started again; one that is not there, or not up, stays as it is. */
  async restart(name: string): Promise<void> {
    await this.#slots.find(({ part }) => part.name === name)?.running?.stop()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const slot of this.#slots.toReversed()) {
      await end(slot)
      await slot.watching
      // It may have come up in between.
      await end(slot)
    }
  }

  /** Ends everything at once, by force. */
  kill(): void {
    this.#stopping.abort()
    for (const { running } of this.#slots) if (running) sendSignal(running.pid, 'SIGKILL')
  }

  async #begin(part: Part): Promise<void> {
    const slot: Slot = {
      part,
      running: undefined,
      restarts: 0,
      told: undefined,
      watching: Promise.resolve(),
    }
    this.#slots.push(slot)
    const up = this.#bringUp(slot)
    // Also kept while it starts: a stop in this moment waits for it, to end it.
    slot.watching = up.catch(() => undefined)
    await up
    slot.watching = this.#keepUp(slot)
  }

  async #bringUp(slot: Slot): Promise<void> {
    const started = performance.now()
    slot.running = await slot.part.start(this.#stopping.signal)
    slot.told = undefined
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    this.#log(`${slot.part.name.padEnd(10)} ${slot.running.at}  (${seconds} s)`)
  }

  async #keepUp(slot: Slot): Promise<void> {
    let failures = 0
    while (!this.#isStopping()) {
      const since = performance.now()
      const how = await slot.running?.exited
      if (this.#isStopping()) return
      if (performance.now() - since >= this.#backoffMs.healthyMs) failures = 0
      slot.running = undefined
      await this.#untilNextStart(slot, failures++, how)
      if (!this.#isStopping()) await this.#bringUpAgain(slot)
    }
  }

  async #untilNextStart(slot: Slot, failures: number, how: string | undefined): Promise<void> {
    const delay = Math.min(this.#backoffMs.first * 2 ** failures, this.#backoffMs.most)
    if (how !== undefined)
      this.#log(`${slot.part.name} ended (${how}); starting it again in ${delay / 1000} s`)
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  async #bringUpAgain(slot: Slot): Promise<void> {
    slot.restarts++
    try {
      await this.#bringUp(slot)
    } catch (error) {
      if (!this.#isStopping()) this.#tellOnce(slot, (error as Error).message)
    }
  }

  /** It is tried for as long as it takes: what keeps it away is told when it is something else than before. */
  #tellOnce(slot: Slot, reason: string): void {
    if (reason !== slot.told)
      this.#log(`${slot.part.name} is not back yet and is tried again and again: ${reason}`)
    slot.told = reason
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }
}

const end = async (slot: Slot): Promise<void> => {
  const { running } = slot
  slot.running = undefined
  await running?.stop()
}
