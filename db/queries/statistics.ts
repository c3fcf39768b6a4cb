import type { Period } from '../../market/datasets.ts'
import type { Sql } from '../client.ts'

/** Bars of one period that one source has brought. */
export interface BarCount {
  period: Period
  source: string
  bars: number
  latest_date: string
  /** When bars of it were last written or deleted. */
  updated_at: string
}

/** How many bars there are, by period and source; exact, and not counted for it. */
export async function barCounts(sql: Sql): Promise<BarCount[]> {
  return await sql<BarCount[]>`
    select period, source, sum(bars)::bigint as bars, max(latest_date)::text as latest_date, max(updated_at) as updated_at
    from bar_statistics group by 1, 2 having sum(bars) > 0
    order by array_position(array['daily', 'weekly', 'monthly'], period), source`
}

/** Counts all bars anew, e.g. after rows were changed by hand. Whoever writes bars waits meanwhile. */
export async function recountBars(sql: Sql): Promise<void> {
  await sql`select recount_bars()`
}
