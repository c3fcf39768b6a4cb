/** So many may do something at once; the others wait for their turn, and not for ever. */
export class Slots {
  readonly #waiting: (() => void)[] = []
  readonly #waitMs: number
  #free: number

  constructor(count: number, waitMs: number) {
    this.#free = count
    this.#waitMs = waitMs
  }

  /** Resolves with the function that gives the slot back, or with null when none became free in time. */
  async take(): Promise<(() => void) | null> {
    if (this.#free > 0) this.#free--
    else if (!(await this.#turn())) return null
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }

  #turn(): Promise<boolean> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(tooLate)
        resolve(true)
      }
      const tooLate = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        resolve(false)
      }, this.#waitMs)
      this.#waiting.push(go)
    })
  }
}
