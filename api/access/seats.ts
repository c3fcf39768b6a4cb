interface Seat {
  who: string
  leave: () => void
}

/**
 * Places for what lasts, like event streams. When all are taken, a caller who has fewer gets the oldest one of the caller who
 * has most: nobody can keep others out, and nobody loses a place while there are free ones. Whoever has as many as the others
 * gets the oldest of their own: a browser that comes back after it has lost one would not try a second time.
 */
export class Seats {
  readonly #count: number
  /** In the order in which they were taken. */
  readonly #seats = new Set<Seat>()

  constructor(count: number) {
    this.#count = count
  }

  /**
   * @param leave called when the place goes to somebody else
   * @returns gives the place back; null when there is none for this caller
   */
  take(who: string, leave: () => void): (() => void) | null {
    if (this.#seats.size >= this.#count && !this.#makeRoom(who)) return null
    const seat = { who, leave }
    this.#seats.add(seat)
    return () => void this.#seats.delete(seat)
  }

  /** Everybody has to leave. */
  clear(): void {
    const all = [...this.#seats]
    this.#seats.clear()
    for (const { leave } of all) leave()
  }

  #makeRoom(who: string): boolean {
    const held = new Map<string, number>()
    for (const seat of this.#seats) held.set(seat.who, (held.get(seat.who) ?? 0) + 1)
    const most = Math.max(...held.values())
    // With one more than the others there is nothing to share out.
    const isShared = most > (held.get(who) ?? 0) + 1
    const oldest = [...this.#seats].find((seat) =>
      isShared ? held.get(seat.who) === most : seat.who === who,
    )
    if (oldest === undefined) return false
    this.#seats.delete(oldest)
    oldest.leave()
    return true
  }
}
