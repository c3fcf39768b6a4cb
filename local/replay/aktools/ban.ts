/** Too many calls in a window start a ban. Nobody knows the sites' numbers: all of them are settings. */
export interface BanOptions {
  readonly calls?: number
  readonly windowMs?: number
  /** How long it lasts. */
  readonly ms?: number
}

export interface Ban {
  /** Counts a call at `now` (ms); true: it is refused. */
  readonly take: (now: number) => boolean
  /** When the ban ends, null when none was ever started. */
  readonly until: () => number | null
}

const CALLS = 60
const WINDOW_MS = 60_000
const BAN_MS = 300_000

/** Calls during a ban are refused and prolong nothing. */
export const createBan = ({ calls = CALLS, windowMs = WINDOW_MS, ms = BAN_MS }: BanOptions): Ban => {
  let times: number[] = []
  let end: number | null = null
  return {
    take: (now) => {
      if (end !== null && now < end) return true
      times = times.filter((time) => time > now - windowMs)
      times.push(now)
      if (times.length <= calls) return false
      times = []
      end = now + ms
      return true
    },
    until: () => end,
  }
}
