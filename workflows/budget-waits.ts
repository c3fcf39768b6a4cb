import { sleep } from '@temporalio/workflow'
import type { SourceName } from '../market/sources.ts'
import { endedByCancel } from './cancelled.ts'

// A slot further away than this lets the batch go to the next source (rule 8).
const LONG_WAIT_MS = 5 * 60_000
// A time that has passed already, by a clock that differs from this one, must not make the batches spin.
const SHORTEST_WAIT_MS = 1_000

export interface BudgetWait {
  untilMs: number
  /** Too long to stand still for while another source may be asked. It stays so until its end: who took over goes on. */
  isLong: boolean
  reason: string
}

/** Sources that grant a dataset its next call only later. One timer each, however many batches were told so. */
export class BudgetWaits {
  readonly #waits = new Map<SourceName, BudgetWait>()
  readonly #onDue: () => void

  constructor(onDue: () => void) {
    this.#onDue = onDue
  }

  of(source: SourceName): BudgetWait | null {
    return this.#waits.get(source) ?? null
  }

  set(source: SourceName, wait: { untilMs: number; reason: string }): void {
    const known = this.#waits.get(source)
    const untilMs = Math.max(wait.untilMs, known?.untilMs ?? 0, Date.now() + SHORTEST_WAIT_MS)
    const isLong = known?.isLong === true || untilMs - Date.now() > LONG_WAIT_MS
    this.#waits.set(source, { untilMs, isLong, reason: wait.reason })
    if (known) return
    this.#untilDue(source).catch((error: unknown) => {
      if (!endedByCancel(error)) throw error
    })
  }

  async #untilDue(source: SourceName): Promise<void> {
    for (let wait = this.of(source); wait !== null; wait = this.of(source)) {
      const left = wait.untilMs - Date.now()
      if (left > 0) {
        await sleep(left)
        continue
      }
      this.#waits.delete(source)
      this.#onDue()
    }
  }
}
