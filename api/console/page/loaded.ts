import { isAway, wordsOf } from './api.ts'
import type { Place } from './app.ts'

interface Options {
  /** Milliseconds after an answer until it is asked again; it is asked once where this is left out. */
  every?: number
}

/** Something that the API was asked for, as of the last answer. */
export class Loaded<T> {
  value: T | undefined
  /** Why there is no newer value. */
  error: string | null = null
  readonly #place: Place
  readonly #read: () => Promise<T>
  readonly #every: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #turn = 0

  constructor(place: Place, read: () => Promise<T>, { every }: Options = {}) {
    this.#place = place
    this.#read = read
    this.#every = every
    const again = (): void => void this.reload()
    place.app.onBack(again, place.signal)
    place.signal.addEventListener('abort', () => clearTimeout(this.#timer))
    again()
  }

  /** Asks now. The last one who asks counts. */
  async reload(): Promise<void> {
    const { app, signal } = this.#place
    const turn = ++this.#turn
    clearTimeout(this.#timer)
    try {
      const value = await this.#read()
      if (turn !== this.#turn) return
      this.value = value
      this.error = null
    } catch (error) {
      if (turn !== this.#turn || signal.aborted) return
      // The page says for all of its parts that nobody answers.
      this.error = isAway(error) ? null : wordsOf(error)
    }
    if (signal.aborted) return
    if (this.#every !== undefined) this.#timer = setTimeout(() => this.#tick(), this.#every)
    app.redraw()
  }

  /** Nobody looks at a hidden page. */
  #tick(): void {
    if (!document.hidden) return void this.reload()
    const look = (): void => {
      document.removeEventListener('visibilitychange', look)
      if (!this.#place.signal.aborted) void this.reload()
    }
    document.addEventListener('visibilitychange', look, { signal: this.#place.signal })
  }
}
