import type { CallLimits, Track } from './bin.ts'
import type { MarketCost } from './layout.ts'

/**
 * Gaps over which wanted cells of one instrument are taken as one stretch when its price in a packed call is guessed.
 * Which guess is right depends on what else is wanted, so the planner tries the resulting dates of each.
 */
const BRIDGED_GAPS = [0, 20, 250]

/**
 * Sets of sessions worth asking as a whole market, each to be compared as a whole plan. A stretch of n cells in a
 * packed call costs about n/cap calls but never less than its place in the symbol list; where the prices of all
 * stretches on a session add up to more than a by-date call, by date is likely cheaper.
 */
export function marketDateCandidates(
  tracks: readonly Track[],
  sessions: number,
  limits: CallLimits,
  marketCost: MarketCost,
): number[][] {
  const candidates = new Map<string, number[]>()
  for (const gap of BRIDGED_GAPS) {
    const price = packedPrice(tracks, sessions, limits, gap)
    const dates: number[] = []
    for (let position = sessions - 1; position >= 0; position--) {
      if ((price[position] ?? 0) > marketCost(position)) dates.push(position)
    }
    candidates.set(dates.join(), dates)
  }
  return [...candidates.values()].filter((dates) => dates.length > 0)
}

/** The guessed price of each session's wanted cells in packed calls, as prefix sums of differences. */
function packedPrice(
  tracks: readonly Track[],
  sessions: number,
  limits: CallLimits,
  gap: number,
): Float64Array {
  const steps = new Float64Array(sessions + 1)
  for (const { spans } of tracks) {
    for (let i = 0; i < spans.length;) {
      const first = i
      const start = spans[i]?.start ?? 0
      let end = spans[i]?.end ?? 0
      let cells = end - start
      for (i++; (spans[i]?.start ?? Infinity) - end <= gap; i++) {
        cells += (spans[i]?.end ?? 0) - (spans[i]?.start ?? 0)
        end = spans[i]?.end ?? end
      }
      const perCell = Math.max((end - start) / limits.rowCap, 1 / limits.maxSymbols) / cells
      for (const span of spans.slice(first, i)) {
        steps[span.start] = (steps[span.start] ?? 0) + perCell
        steps[span.end] = (steps[span.end] ?? 0) - perCell
      }
    }
  }
  for (let i = 1; i < steps.length; i++) steps[i] = (steps[i] ?? 0) + (steps[i - 1] ?? 0)
  return steps
}
