import type { Calendar } from './calendar.ts'
import { hashSeed } from './sandbox/rng.ts'

/** Part of a day that this upstream has not published yet; the market itself knows the whole day. */
export interface HeldBack {
  /** Shows only `percent` of a date's instruments (`YYYYMMDD`); 100 releases it. */
  readonly hold: (date: string, percent: number) => void
  readonly isPublished: (id: number, session: number) => boolean
  readonly state: () => Readonly<Record<string, number>>
}

/** Holds nothing back at first. */
export const createHeldBack = (calendar: Calendar): HeldBack => {
  const percents = new Map<number, number>()
  return {
    hold: (date, percent) => {
      const session = calendar.indexOf(date)
      if (session < 0) throw new Error(`${date} is no session`)
      if (percent >= 100) percents.delete(session)
      else percents.set(session, percent)
    },
    isPublished: (id, session) => {
      if (percents.size === 0) return true
      const percent = percents.get(session)
      // By a hash of the instrument, so that releasing more of the day only ever adds rows.
      return percent === undefined || hashSeed(id, 5) % 100 < percent
    },
    state: () =>
      Object.fromEntries(
        [...percents].map(([session, percent]) => [calendar.sessions[session] ?? '', percent]),
      ),
  }
}
