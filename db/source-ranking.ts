import { type RankedSource, type RankEntry, rankSources } from '../market/priority.ts'
import type { SourceName } from '../market/sources.ts'
import { standingOf } from '../market/standing.ts'
import type { Sql } from './client.ts'
import { databaseNow } from './clock.ts'
import { healthOf } from './health.ts'

/**
 * The order of sources by what is measured at this moment.
 *
 * @param order `whatever rests`: as they would be wanted if all of them were up
 */
export async function rankNow(
  sql: Sql,
  settings: readonly Pick<RankEntry, 'source' | 'priority' | 'pinned'>[],
  preferred: readonly SourceName[],
  order: 'who rests last' | 'whatever rests' = 'who rests last',
): Promise<RankedSource[]> {
  const health = await healthOf(sql)
  const states = order === 'who rests last' ? health : health.map((row) => ({ ...row, restingUntilMs: null }))
  const entries = settings.map((setting) => standingOf(setting, states))
  return rankSources(entries, preferred, new Date(await databaseNow(sql)))
}
