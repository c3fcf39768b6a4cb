import type { RunParams } from '../../market/run-params.ts'
import { newestReady } from '../../planning/market-facts.ts'
import { loadCalendar } from '../queries/planning.ts'
import type { Resolved, ScopeContext } from './context.ts'

/** The newest session whose valuation some source has by now. */
export async function newestSession(
  { sql, sources, now }: ScopeContext,
  params: RunParams,
): Promise<Resolved> {
  const calendar = await loadCalendar(sql)
  const ready = [...sources.values()]
    .flatMap(({ capabilities }) => capabilities.daily_basic ?? [])
    .flatMap((capability) => newestReady(now(), capability, calendar) ?? [])
    .sort()
    .at(-1)
  if (ready === undefined) return { params, notes: ['no session is closed yet, or no source has valuations'] }
  return {
    params: { ...params, start_date: ready, end_date: ready },
    notes: [`the newest session is ${ready}`],
  }
}
