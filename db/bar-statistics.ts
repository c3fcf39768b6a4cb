import type { Period } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import type { Tx } from './client.ts'

/*
 * How many bars there are, kept by whoever writes bars, in the same transaction: so a rollback, a kill or a repetition
 * leaves the counters as exact as the rows. Whatever inserts or deletes rows of `bars` calls `countBars` with what the
 * statement really did.
 *
 * One row per period and source would make all writers wait for the one that commits first. There are several, and a
 * writer takes the first that nobody holds: it does not wait, so nobody can wait for it in a circle. Only when all of them
 * are held does it wait for one. In the lock order the counters of a period stand right behind its bars.
 */

/** What one statement did to the bars of one period and source. */
export interface BarChange {
  period: Period
  source: string
  /** Rows inserted less rows deleted. */
  added: number
  /** The last date of what was written; null when rows were only deleted. */
  latest: TradeDate | null
}

// More than there are connections that write bars in one process. Each row costs the reader a few microseconds.
const SHARDS = 16

/** Adds what was done to the counters, in one order whoever calls. */
export async function countBars(tx: Tx, changes: readonly BarChange[]): Promise<void> {
  for (const change of changes.toSorted(byKey)) if (!(await addToFree(tx, change))) await addToAny(tx, change)
}

const byKey = (a: BarChange, b: BarChange): number =>
  a.period.localeCompare(b.period) || a.source.localeCompare(b.source)

async function addToFree(tx: Tx, { period, source, added, latest }: BarChange): Promise<boolean> {
  const { count } = await tx`
    with free as materialized (
      select shard from bar_statistics where period = ${period} and source = ${source}
      order by shard limit 1 for update skip locked
    )
    update bar_statistics s set bars = s.bars + ${added}, latest_date = greatest(s.latest_date, ${latest}::date), updated_at = now()
    from free where s.period = ${period} and s.source = ${source} and s.shard = free.shard`
  return count > 0
}

/** A row that is not there yet, or one that is held: then this waits. */
async function addToAny(tx: Tx, { period, source, added, latest }: BarChange): Promise<void> {
  await tx`
    insert into bar_statistics as s (period, source, shard, bars, latest_date)
    values (${period}, ${source}, pg_backend_pid() % ${SHARDS}, ${added}, ${latest})
    on conflict (period, source, shard) do update set bars = s.bars + excluded.bars,
      latest_date = greatest(s.latest_date, excluded.latest_date), updated_at = now()`
}

/**
 * Finds the last date of a period and source anew after bars were deleted or got another date. The caller keeps all others
 * from writing them.
 */
export async function findLatestBar(
  tx: Tx,
  { period, source }: Pick<BarChange, 'period' | 'source'>,
): Promise<void> {
  await tx`
    update bar_statistics set latest_date = (
      select trade_date from bars where period = ${period} and source = ${source} order by trade_date desc limit 1
    ) where period = ${period} and source = ${source}`
}
