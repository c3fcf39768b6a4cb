import type { Sql } from './client.ts'
import type { Place } from './health.ts'

/**
 * Lets a place rest again whose rest was ended to ask it, and which gave no answer. Nothing happens when something became
 * known of it since.
 *
 * @param untilMs the end of the rest, and `endedAtMs` when it was ended; epoch milliseconds of the database's clock
 */
export async function putBackRest(
  sql: Sql,
  { source, site }: Place,
  untilMs: number,
  endedAtMs: number,
): Promise<void> {
  await sql`
    update source_health set resting_until = to_timestamp(${untilMs / 1_000}::float8)
    where source = ${source} and site = ${site} and resting_until is null
      and (last_success_at is null or last_success_at < to_timestamp(${endedAtMs / 1_000}::float8))`
}
