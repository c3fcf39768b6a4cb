import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import type { SourceName } from '../market/sources.ts'
import type { Progress, RunTotals, SyncRunInput } from './contract/messages.ts'
import { ProgressTracker } from './progress.ts'
import { detailsOf } from './run-details.ts'
import type { Rest } from './source-board.ts'

interface Shown {
  /** Batches in hand, in words. */
  inHand(): string[]
  resting(): Rest[]
}

/** What people see of a run while it is under way: details and search attributes in the Web UI, answers to queries. */
export class RunDisplay {
  readonly #input: SyncRunInput
  readonly #shown: Shown
  readonly #progress = new ProgressTracker()
  #state: Progress['state'] = 'running'
  #stage = 'opening'
  #source: SourceName | null = null
  #foundBy: SourceName | null = null

  constructor(input: SyncRunInput, shown: Shown) {
    this.#input = input
    this.#shown = shown
  }

  update(totals: RunTotals): void {
    this.#progress.update(totals, Date.now())
    this.refresh()
  }

  show(state: Progress['state'], stage = this.#stage): void {
    if (state === 'running' && this.#state !== 'running') this.#progress.goesOn(Date.now())
    this.#state = state
    this.#stage = stage
    this.refresh()
    upsertSearchAttributes({ SyncState: [state] })
  }

  showEnd(status: string, totals: RunTotals): void {
    this.#progress.update(totals, Date.now())
    this.refresh(status)
    upsertSearchAttributes({ SyncState: [status] })
  }

  /** The newest batch is done by this source. */
  newest(source: SourceName): void {
    this.#source = source
  }

  /** Runs are found by the source that took something over last; each change is an event of the history. */
  foundBy(source: SourceName): void {
    if (source === this.#foundBy) return
    this.#foundBy = source
    upsertSearchAttributes({ SyncSource: [source] })
  }

  refresh(state: string = this.#state): void {
    setCurrentDetails(detailsOf(this.describe(), state, Date.now()))
  }

  describe(): Progress {
    return this.#progress.describe(Date.now(), {
      runId: this.#input.runId,
      job: this.#input.job,
      state: this.#state,
      stage: this.#stage,
      currentRegions: this.#shown.inHand(),
      source: this.#source,
      resting: this.#shown.resting().map(({ source, site, untilMs, reason }) => ({
        source,
        site,
        until: new Date(untilMs).toISOString(),
        reason,
      })),
    })
  }
}
