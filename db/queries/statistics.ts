import type { Period } from '../../market/datasets.ts'
import type { Sql } from '../client.ts'

/** Bars of one period that one source has brought. */
export interface BarCount {
  period: Period
  source: string
  bars: number
  /** The newest session in them: a week or month under way is dated by its last one, which is still to come. */
  latest_date: string
  /** When bars of it were last written or deleted. */
  updated_at: string
}

/** How many bars there are, by period and source; exact, and not counted for it. */
export async function barCounts(sql: Sql): Promise<BarCount[]> {
  return await sql<BarCount[]>`
    with counts as (
      select period, source, sum(bars)::bigint as bars, max(latest_date) as latest, max(updated_at) as updated_at
      from bar_statistics group by 1, 2 having sum(bars) > 0
    )
    select c.period, c.source, c.bars, least(c.latest, d.latest)::text as latest_date, c.updated_at
    from counts c left join counts d on d.source = c.source and d.period = 'daily'
    order by array_position(array['daily', 'weekly', 'monthly'], c.period), c.source`
}

/** Counts all bars anew, e.g. after rows were changed by hand. Whoever writes bars waits meanwhile. */
export async function recountBars(sql: Sql): Promise<void> {
  await sql`select recount_bars()`
}
