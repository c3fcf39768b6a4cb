import type { Progress, RunTotals } from './contract/messages.ts'

const NOTHING: RunTotals = {
  total: 0,
  done: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
  calls: 0,
  cellsTotal: 0,
  cellsDone: 0,
  errors: 0,
}

/**
 * What the `progress` query answers. It is fed with totals that activities read from the database, so it may lag by the
 * calls in flight and never leads.
 */
export class ProgressTracker {
  #totals: RunTotals = NOTHING
  readonly #startedAt: number
  #cellsAtStart: number | null = null

  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  get totals(): RunTotals {
    return this.#totals
  }

  /** Outcomes of batches in flight may arrive out of order: the totals with more calls are the newer ones. */
  update(totals: RunTotals): void {
    this.#cellsAtStart ??= totals.cellsDone
    if (totals.calls >= this.#totals.calls) this.#totals = totals
  }

  describe(
    now: number,
    state: Omit<Progress, keyof RunTotals | 'percent' | 'rate' | 'etaSeconds'>,
  ): Progress {
    const { cellsDone, cellsTotal } = this.#totals
    const seconds = Math.max(1, (now - this.#startedAt) / 1000)
    const rate = (cellsDone - (this.#cellsAtStart ?? 0)) / seconds
    const left = cellsTotal - cellsDone
    return {
      ...this.#totals,
      ...state,
      percent: percentOf(this.#totals),
      rate: Math.round(rate),
      etaSeconds: rate > 0 ? Math.round(left / rate) : null,
    }
  }
}

/** Share of the planned cells that are settled, one decimal, 100 only at the end. */
export function percentOf(totals: { cellsDone: number; cellsTotal: number }): number {
  if (totals.cellsTotal === 0) return 0
  return Math.floor((Math.min(totals.cellsDone, totals.cellsTotal) / totals.cellsTotal) * 1000) / 10
}
