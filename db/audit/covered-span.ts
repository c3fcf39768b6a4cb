import { addDays } from '../../market/date.ts'
import type { Dataset } from '../../market/datasets.ts'
import type { DateRange } from '../../planning/types.ts'
import type { Sql } from '../client.ts'

/** From the first to the last date of a dataset that some source has covered; null when nothing is. */
export async function coveredSpan(sql: Sql, datasets: readonly Dataset[]): Promise<DateRange | null> {
  const [span] = await sql<{ first: string | null; until: string | null }[]>`
    select min(lower(ranges))::text as first, max(upper(ranges))::text as until from coverage
    where dataset = any(${datasets as string[]}) and not isempty(ranges)`
  if (span?.first == null || span.until == null) return null
  return { from: span.first, to: addDays(span.until, -1) }
}
