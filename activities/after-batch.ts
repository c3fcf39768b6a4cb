import { goesFirst } from '../db/lock-waiters.ts'
import { runTotals } from '../db/queries/runs.ts'
import { BACKFILLS } from '../market/jobs.ts'
import type { BatchOutcome } from '../workflows/contract/messages.ts'
import type { ActivityDeps } from './deps.ts'

/** What the workflow should know after any batch: the run's counters, and whether others want its lock first. */
export async function afterBatch(
  { db }: Pick<ActivityDeps, 'db'>,
  runId: string,
): Promise<Pick<BatchOutcome, 'totals' | 'goesFirst'>> {
  const [totals, first] = await Promise.all([runTotals(db.sql, runId), goesFirst(db.sql, runId, BACKFILLS)])
  return { totals, ...(first === null ? {} : { goesFirst: first }) }
}
