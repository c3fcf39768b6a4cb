import { wordsOf } from './api.ts'
import type { App } from './app.ts'

/** Something that a person asks the service to do: under way, done, or refused with a reason. */
export class Action<A extends unknown[] = []> {
  isBusy = false
  error: string | null = null
  /** What came of it, in words. */
  note: string | null = null
  readonly #app: App
  readonly #act: (...args: A) => Promise<string | undefined>

  /** @param act may return what came of it, in words */
  constructor(app: App, act: (...args: A) => Promise<string | undefined>) {
    this.#app = app
    this.#act = act
  }

  /** What came of it is not told any more. */
  forget(): void {
    this.error = null
    this.note = null
  }

  /** Does it, unless it is under way. */
  async run(...args: A): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    this.forget()
    this.#app.redraw()
    try {
      this.note = (await this.#act(...args)) ?? null
    } catch (error) {
      this.error = wordsOf(error)
    }
    this.isBusy = false
    this.#app.redraw()
  }
}
