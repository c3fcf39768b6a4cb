import { healthOf } from '../db/health.ts'
import { type RankedSource, rankSources } from '../market/priority.ts'
import type { SourceName } from '../market/sources.ts'
import type { ActivityDeps } from './deps.ts'
import type { SourceSet } from './source-registry.ts'

/**
 * The sources that are switched on, best first, each with the reason for its place.
 *
 * @param options `whatever rests`: in the order in which they would be wanted if all were up
 */
export async function rankedSources(
  deps: ActivityDeps,
  set: SourceSet,
  preferred: readonly SourceName[],
  options: 'who rests last' | 'whatever rests' = 'who rests last',
): Promise<RankedSource[]> {
  const health = await healthOf(deps.db.sql)
  const entries = [...set.sources.keys()].map((source) => {
    const sites = health.filter((row) => row.source === source)
    const resting =
      options === 'who rests last' && sites.length > 0 && sites.every((site) => site.restingUntilMs !== null)
    return {
      source,
      priority: set.settings[source].priority ?? 99,
      pinned: set.pinned.has(source),
      resting: resting ? { untilMs: sites[0]?.restingUntilMs ?? 0, reason: sites[0]?.reason ?? '' } : null,
      errorRate: Math.max(0, ...sites.map((site) => site.errorRate)),
      rejectRate: Math.max(0, ...sites.map((site) => site.rejectRate)),
    }
  })
  return rankSources(entries, preferred, deps.now())
}
