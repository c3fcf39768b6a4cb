import { rankNow } from '../db/source-ranking.ts'
import type { RankedSource } from '../market/priority.ts'
import type { SourceName } from '../market/sources.ts'
import type { ActivityDeps } from './deps.ts'
import type { SourceSet } from './source-registry.ts'

/** The sources that are switched on, best first, each with the reason for its place; `order` as in `rankNow`. */
export async function rankedSources(
  deps: ActivityDeps,
  { sources, settings, pinned }: SourceSet,
  preferred: readonly SourceName[],
  order?: Parameters<typeof rankNow>[3],
): Promise<RankedSource[]> {
  const entries = [...sources.keys()].map((source) => ({
    source,
    // A source that is on has a priority.
    priority: settings[source].priority ?? 0,
    pinned: pinned.has(source),
  }))
  return await rankNow(deps.db.sql, entries, preferred, order)
}
