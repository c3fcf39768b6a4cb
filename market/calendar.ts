import type { TradeDate } from './date.ts'
import { firstPlace } from './first-place.ts'

/**
 * The sessions of the market in order, addressed by position. Planning works on positions, since "how many rows has
 * this stock between two dates" is then a subtraction.
 */
export class SessionCalendar {
  readonly sessions: readonly TradeDate[]
  readonly #position: ReadonlyMap<TradeDate, number>

  /** @param sessions open days, ascending, without duplicates */
  constructor(sessions: readonly TradeDate[]) {
    for (let i = 1; i < sessions.length; i++) {
      if ((sessions[i - 1] ?? '') >= (sessions[i] ?? ''))
        throw new RangeError('sessions must ascend strictly')
    }
    this.sessions = sessions
    this.#position = new Map(sessions.map((date, i) => [date, i]))
  }

  get length(): number {
    return this.sessions.length
  }

  /** The date at a position; throws outside the calendar, which is never extrapolated. */
  at(position: number): TradeDate {
    const date = this.sessions[position]
    if (date === undefined) throw new RangeError(`the calendar has no session ${position}`)
    return date
  }

  isSession(date: TradeDate): boolean {
    return this.#position.has(date)
  }

  /** Position of the first session at or after `date`; `length` when there is none. */
  firstAtOrAfter(date: TradeDate): number {
    const exact = this.#position.get(date)
    if (exact !== undefined) return exact
    return firstPlace(0, this.sessions.length, (i) => (this.sessions[i] ?? '') < date)
  }

  /** Position of the last session at or before `date`; -1 when there is none. */
  lastAtOrBefore(date: TradeDate): number {
    const first = this.firstAtOrAfter(date)
    return this.sessions[first] === date ? first : first - 1
  }
}
