import type { BarSeries } from './series.ts'

/** Share counts of one instrument. */
export interface Shares {
  readonly total: number
  readonly floating: number
}

const FIRST_BARS = 20
const DAYS_TO_TURN_OVER = 80
const UNIT = 10_000

/**
 * Counts that fit the volumes. No market here holds shares, and turnover must have its usual size: an invented market
 * gets invented counts from its first bars, a recorded one none, since nobody recorded them.
 */
export const sharesOf = (series: BarSeries): Shares | null => {
  if (series.sessions !== null) return null
  let most = 0
  for (let row = 0; row < Math.min(FIRST_BARS, series.count); row++) most = Math.max(most, series.volume(row))
  const floating = Math.ceil((most * DAYS_TO_TURN_OVER) / UNIT) * UNIT
  return floating === 0 ? null : { floating, total: floating * 1.25 }
}
