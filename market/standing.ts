import type { RankEntry } from './priority.ts'
import { SITES } from './sites.ts'
import type { SourceName } from './sources.ts'

/** What was measured at one site; times in epoch milliseconds, rates from 0 to 1. */
export interface SiteState {
  source: SourceName
  site: string
  /** Null while it is up; in the past while it waits for a probe. */
  restingUntilMs: number | null
  reason: string | null
  errorRate: number
  rejectRate: number
}

/**
 * What is known of a source as a whole. It rests while all of its sites do, those that were never asked included, and is
 * as good as the worst of them.
 *
 * @param states of any sources; those that are missing are up
 */
export function standingOf(
  setting: Pick<RankEntry, 'source' | 'priority' | 'pinned'>,
  states: readonly SiteState[],
): RankEntry {
  const own = states.filter(({ source }) => source === setting.source)
  const rests = SITES[setting.source].map((site) => {
    const state = own.find((one) => one.site === site)
    return { untilMs: state?.restingUntilMs ?? 0, reason: state?.reason ?? '' }
  })
  const [first] = rests.sort((a, b) => a.untilMs - b.untilMs)
  return {
    ...setting,
    resting: first ?? null,
    errorRate: Math.max(0, ...own.map(({ errorRate }) => errorRate)),
    rejectRate: Math.max(0, ...own.map(({ rejectRate }) => rejectRate)),
  }
}
