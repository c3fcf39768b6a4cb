import { CancellationScope } from '@temporalio/workflow'
import type { NewsLine } from './source-news.ts'

/** The lines of a run's log, written one after the other beside the work, which waits for none of them. */
export class RunLog {
  readonly #write: (line: NewsLine) => Promise<void>
  #written: Promise<void> = Promise.resolve()

  constructor(write: (line: NewsLine) => Promise<void>) {
    this.#write = write
  }

  say(line: NewsLine): void {
    // What happened before a cancel is worth knowing after it. A line that cannot be written ends no run.
    this.#written = this.#written
      .then(() => CancellationScope.nonCancellable(() => this.#write(line)))
      .catch(() => undefined)
  }

  /** Resolves when every line so far is written. */
  async flushed(): Promise<void> {
    await this.#written
  }
}
