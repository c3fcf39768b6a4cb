import { wordsOf } from './api.ts'
import type { Place } from './app.ts'

interface Page<T> {
  items: readonly T[]
  next_cursor: string | null
}

/** A list that is read page by page, as far as somebody wants to see it. */
export class Pages<T> {
  items: readonly T[] | undefined
  error: string | null = null
  isBusy = false
  hasMore = false
  readonly #place: Place
  readonly #read: (where: { cursor?: string }) => Promise<Page<T>>
  #cursor: string | null = null
  #turn = 0

  constructor(place: Place, read: (where: { cursor?: string }) => Promise<Page<T>>) {
    this.#place = place
    this.#read = read
    place.app.onBack(() => void this.reload(), place.signal)
    void this.reload()
  }

  /** From the first page on. */
  async reload(): Promise<void> {
    await this.#add({}, [])
  }

  async more(): Promise<void> {
    if (this.isBusy || this.#cursor === null) return
    await this.#add({ cursor: this.#cursor }, this.items ?? [])
  }

  async #add(where: { cursor?: string }, before: readonly T[]): Promise<void> {
    const { app, signal } = this.#place
    const turn = ++this.#turn
    this.isBusy = true
    try {
      const page = await this.#read(where)
      if (turn !== this.#turn) return
      this.items = [...before, ...page.items]
      this.#cursor = page.next_cursor
      this.hasMore = page.next_cursor !== null && page.items.length > 0
      this.error = null
    } catch (error) {
      if (turn !== this.#turn) return
      this.error = wordsOf(error)
    }
    this.isBusy = false
    if (!signal.aborted) app.redraw()
  }
}
