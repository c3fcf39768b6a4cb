import { answerOf, runEvents } from '../../../../client/index.ts'
import type { Run } from '../../../schemas/run.ts'
import type { RunEventData } from '../../../schemas/run-event.ts'
import { wordsOf } from '../api.ts'
import type { Place } from '../app.ts'

export type LogLine = RunEventData['log'] & { id: number }

const MOST_LINES = 500
// Long enough to smooth over a batch, short enough to see a source get slow.
const RATE_WINDOW_MS = 20_000

/** A run as it goes on, by its events. */
export class FollowedRun {
  run: Run | null = null
  lines: LogLine[] = []
  error: string | null = null
  readonly #place: Place
  readonly #id: string
  readonly #onEnd: () => void
  #seen: { at: number; rows: number }[] = []

  constructor(place: Place, id: string, onEnd: () => void = () => undefined) {
    this.#place = place
    this.#id = id
    this.#onEnd = onEnd
    void this.#follow()
  }

  /** Rows a second of late; null until that is known. */
  get rate(): number | null {
    const [first] = this.#seen
    const last = this.#seen.at(-1)
    if (!first || !last || last.at - first.at < 2_000) return null
    return ((last.rows - first.rows) * 1_000) / (last.at - first.at)
  }

  /** Takes over what an answer says about the run. */
  take(run: Run): void {
    this.run = run
    this.#place.app.redraw()
  }

  async #follow(): Promise<void> {
    const { app, signal } = this.#place
    try {
      await this.#read()
      // Each time it is told from the beginning.
      this.lines = []
      for await (const event of runEvents(app.client, this.#id, { signal })) {
        if (event.type === 'log')
          this.lines = [...this.lines, { ...event.data, id: event.id }].slice(-MOST_LINES)
        else if (this.run !== null) this.run = { ...this.run, ...event.data }
        this.#measure()
        app.redraw()
      }
      if (signal.aborted) return
      await this.#read()
      this.#onEnd()
    } catch (error) {
      if (signal.aborted) return
      this.error = wordsOf(error)
      app.redraw()
      app.onBack(() => {
        this.error = null
        void this.#follow()
      }, signal)
    }
  }

  async #read(): Promise<void> {
    const { app } = this.#place
    this.take(await answerOf(app.client.api.runs[':id'].$get({ param: { id: this.#id } })))
  }

  #measure(): void {
    if (this.run === null) return
    const { inserted, updated, unchanged } = this.run
    const at = Date.now()
    this.#seen = this.#seen.filter((one) => at - one.at <= RATE_WINDOW_MS)
    this.#seen.push({ at, rows: inserted + updated + unchanged })
  }
}
