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

// Enough that the rate does not jump with each batch.
const MOST_OUTCOMES = 24

/**
 * What the `progress` query answers. It is fed with totals that activities read from the database, so it may lag by the
 * calls in flight and never leads.
 */
export class ProgressTracker {
  #totals: RunTotals = NOTHING
  /** How many cells were settled when, since it began or went on: the present rate is that of these. */
  #pace: { atMs: number; cells: number }[] = []

  get totals(): RunTotals {
    return this.#totals
  }

  /** Outcomes of batches in flight may arrive out of order: the totals with more calls are the newer ones. */
  update(totals: RunTotals, nowMs: number): void {
    if (totals.calls < this.#totals.calls) return
    this.#totals = totals
    this.#pace = [...this.#pace, { atMs: nowMs, cells: totals.cellsDone }].slice(-MOST_OUTCOMES)
  }

  /** The run goes on after it stood still: that was no work. */
  goesOn(nowMs: number): void {
    this.#pace = [{ atMs: nowMs, cells: this.#totals.cellsDone }]
  }

  describe(
    nowMs: number,
    state: Omit<Progress, keyof RunTotals | 'percent' | 'rate' | 'etaSeconds'>,
  ): Progress {
    const { cellsDone, cellsTotal } = this.#totals
    const [first = { atMs: nowMs, cells: cellsDone }] = this.#pace
    const rate = (cellsDone - first.cells) / Math.max(1, (nowMs - first.atMs) / 1000)
    const left = cellsTotal - cellsDone
    return {
      ...this.#totals,
      ...state,
      percent: percentOf(this.#totals),
      rate: Math.round(rate),
      etaSeconds: rate > 0 && left > 0 ? Math.ceil(left / rate) : null,
    }
  }
}

/** Share of the planned cells that are settled, one decimal, 100 only at the end. */
export function percentOf(totals: { cellsDone: number; cellsTotal: number }): number {
  if (totals.cellsTotal === 0) return 0
  return Math.floor((Math.min(totals.cellsDone, totals.cellsTotal) / totals.cellsTotal) * 1000) / 10
}
