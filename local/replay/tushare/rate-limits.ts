import { firstPlace } from '../../../market/first-place.ts'
import type { LimitSpan } from './refusals.ts'

/** Calls of one API that one token may make. A bare number is a limit per minute. */
export type RateLimit = number | Partial<Readonly<Record<LimitSpan, number>>>

/** By API name; `*` holds for every API that is not named. */
export type RateLimits = Readonly<Record<string, RateLimit>>

export interface Exceeded {
  readonly span: LimitSpan
  readonly limit: number
}

export interface RateLimiter {
  /** Counts a call at `now` (ms) or says which limit refuses it; a refused call is not counted. */
  readonly take: (token: string, api: string, now: number) => Exceeded | undefined
}

const SPAN_MS = { minute: 60_000, hour: 3_600_000 } as const
const SHANGHAI_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

interface Usage {
  /** Times of accepted calls, ascending; those before `head` are forgotten. */
  readonly times: number[]
  head: number
  day: number
  today: number
}

const count = ({ head, times }: Usage, since: number): number =>
  times.length - firstPlace(head, times.length, (i) => (times[i] ?? 0) <= since)

const forget = (usage: Usage, now: number): void => {
  while ((usage.times[usage.head] ?? Infinity) <= now - SPAN_MS.hour) usage.head += 1
  if (usage.head < 10_000) return
  usage.times.splice(0, usage.head)
  usage.head = 0
}

const exceeded = (usage: Usage, limit: Exclude<RateLimit, number>, now: number): Exceeded | undefined => {
  if (limit.day !== undefined && usage.today >= limit.day) return { span: 'day', limit: limit.day }
  for (const span of ['hour', 'minute'] as const) {
    const most = limit[span]
    if (most !== undefined && count(usage, now - SPAN_MS[span]) >= most) return { span, limit: most }
  }
  return undefined
}

/** Sliding windows per token and API for minutes and hours, the Shanghai date for days. */
export const createRateLimiter = (limits: RateLimits): RateLimiter => {
  const known = new Map<string, Usage>()
  return {
    take: (token, api, now) => {
      const setting = limits[api] ?? limits['*']
      if (setting === undefined) return undefined
      const limit = typeof setting === 'number' ? { minute: setting } : setting
      const key = `${token} ${api}`
      const usage = known.get(key) ?? { times: [], head: 0, day: 0, today: 0 }
      known.set(key, usage)
      const day = Math.floor((now + SHANGHAI_MS) / DAY_MS)
      if (day !== usage.day) Object.assign(usage, { day, today: 0 })
      forget(usage, now)
      const refused = exceeded(usage, limit, now)
      if (refused !== undefined) return refused
      usage.times.push(now)
      usage.today += 1
      return undefined
    },
  }
}
