/** One calendar day of the exchanges; closed days are days too. Dates are `YYYYMMDD`. */
import { firstPlace } from '../../market/first-place.ts'

export interface CalendarDay {
  readonly date: string
  readonly open: boolean
  /** The newest session before this day, also for closed days; null on the very first session. */
  readonly previousSession: string | null
}

/** Sessions by index: a session's place in `sessions` is how the whole replay names a date. */
export interface Calendar {
  /** Ascending, `YYYYMMDD`. */
  readonly sessions: readonly string[]
  /** Those that upstreams name; ascending, without gaps. */
  readonly days: readonly CalendarDay[]
  /** The session's index, or -1 when the date is no session. */
  readonly indexOf: (date: string) => number
  /** Index of the first session at or after the date (`sessions.length` when there is none). */
  readonly atOrAfter: (date: string) => number
  /** Index of the last session at or before the date (-1 when there is none). */
  readonly atOrBefore: (date: string) => number
}

/** Builds the lookups over days that are given in ascending order. */
export const createCalendar = (days: readonly CalendarDay[]): Calendar => {
  const sessions = days.filter((day) => day.open).map((day) => day.date)
  const index = new Map(sessions.map((date, i) => [date, i]))
  // `YYYYMMDD` texts sort like dates, so string comparison is enough.
  const atOrAfter = (date: string): number =>
    firstPlace(0, sessions.length, (i) => (sessions[i] ?? '') < date)
  return {
    sessions,
    days,
    indexOf: (date) => index.get(date) ?? -1,
    atOrAfter,
    atOrBefore: (date) => (index.has(date) ? (index.get(date) ?? -1) : atOrAfter(date) - 1),
  }
}
