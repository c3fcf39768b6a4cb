import type { CallLimits } from '../contract.ts'

// Tiers of Tushare's points page (doc_id 290): calls a minute and a day per interface.
const TIERS: readonly { points: number; perMinute: number; perDay: number | null }[] = [
  { points: 5_000, perMinute: 500, perDay: null },
  { points: 2_000, perMinute: 200, perDay: 100_000 },
  { points: 0, perMinute: 50, perDay: 8_000 },
]

// Interfaces with a limit of their own, whatever the tier.
const OWN_LIMIT: Readonly<Record<string, number>> = { stock_basic: 50 }

// Without points we start here and adopt the number that the first refusal names.
const UNKNOWN_TIER = { perMinute: 500, perDay: null }

export interface LimitSettings {
  points: number | undefined
  /** Overrides the tier; 0 is no limit. */
  callsPerMinute: number | undefined
  minIntervalMs: number
}

/** What an account may ask of one interface. */
export function tushareLimits(api: string, settings: LimitSettings): CallLimits {
  const { points, callsPerMinute, minIntervalMs } = settings
  if (callsPerMinute !== undefined) {
    return {
      perMinute: callsPerMinute === 0 ? null : callsPerMinute,
      perHour: null,
      perDay: null,
      minIntervalMs,
    }
  }
  const tier = points === undefined ? UNKNOWN_TIER : (TIERS.find((t) => points >= t.points) ?? UNKNOWN_TIER)
  const own = OWN_LIMIT[api]
  const perMinute = own === undefined ? tier.perMinute : Math.min(own, tier.perMinute)
  return { perMinute, perHour: null, perDay: tier.perDay, minIntervalMs }
}
