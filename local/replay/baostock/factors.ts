import type { ReplayMarket } from '../market.ts'

/** A day on which the adjustment changes. */
export interface FactorEvent {
  readonly session: number
  /** Relative to the listing, in 1e-6. */
  readonly back: number
  /** Relative to today, in 1e-6: the newest event has 1,000,000. */
  readonly fore: number
}

/** `1` backward, `2` forward, `3` none. */
export type AdjustFlag = '1' | '2' | '3'

export const UNIT = 1_000_000

/** The events of one stock up to today, and what they make of a price. */
export interface FactorEvents {
  /** Ascending. */
  readonly list: readonly FactorEvent[]
  /** What a session's raw price is multiplied with, in 1e-6. */
  readonly scaleAt: (session: number, flag: AdjustFlag) => number
}

/** Sessions on which the market's factor becomes another one. The market's unit is 0.0001. */
const steps = (market: ReplayMarket, id: number): { session: number; value: number }[] => {
  const { from, values } = market.factors(id)
  const found: { session: number; value: number }[] = []
  // Where a recording begins late or has a gap, its first value after that stands for all that nobody recorded.
  let current = 10_000
  from.forEach((session, run) => {
    const value = values[run] ?? current
    if (session > market.lastSession || value === current) return
    current = value
    found.push({ session, value })
  })
  return found
}

/** Turns the market's factors into rows on ex-dates. Forward factors depend on today. */
export const factorEvents = (market: ReplayMarket, id: number): FactorEvents => {
  const changes = steps(market, id)
  const newest = changes.at(-1)?.value ?? 10_000
  const list = changes.map(({ session, value }) => ({
    session,
    back: value * 100,
    fore: Math.round((value / newest) * UNIT),
  }))
  const before = { back: UNIT, fore: Math.round((10_000 / newest) * UNIT) }
  return {
    list,
    scaleAt: (session, flag) => {
      if (flag === '3') return UNIT
      const event = list.findLast((candidate) => candidate.session <= session) ?? before
      return flag === '1' ? event.back : event.fore
    },
  }
}
