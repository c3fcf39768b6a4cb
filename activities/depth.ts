import { keepDepth, loadDepth } from '../db/queries/depth.ts'
import { depthKey } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import type { Source } from '../sources/contract.ts'
import type { ActivityDeps } from './deps.ts'
import { fetchContext } from './upstream.ts'

/**
 * How far back the by-date calls of a source reach: nobody says, so a few sample calls find out, once in a month.
 *
 * @param newest the newest session that the source may be asked for
 */
export async function depthOf(
  deps: ActivityDeps,
  source: Source,
  dataset: Dataset,
  newest: TradeDate | null,
  signal: AbortSignal,
): Promise<TradeDate | null> {
  if (source.capabilities[dataset]?.byDate?.reach !== 'sampled' || !source.sampleDepth || newest === null)
    return null
  const { sql } = deps.db
  const table = depthKey(dataset, source.capabilities[dataset])
  const known = await loadDepth(sql, source.name, table)
  if (known) return known.from
  const from = await source.sampleDepth(table, newest, fetchContext(sql, source, signal))
  await keepDepth(sql, source.name, table, from)
  return from
}
