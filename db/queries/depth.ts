import type { Sql } from '../client.ts'

// An upstream may take old days away or add some.
const KNOWN_FOR = '30 days'

/** How far back by-date calls reach, as sampled within the last month; null when nobody has looked. */
export async function loadDepth(
  sql: Sql,
  source: string,
  dataset: string,
): Promise<{ from: string | null } | null> {
  const [row] = await sql<{ from: string | null }[]>`
    select by_date_from as "from" from source_depth
    where source = ${source} and dataset = ${dataset} and sampled_at > now() - ${KNOWN_FOR}::interval`
  return row ?? null
}

/** Keeps what was sampled; null: not even the newest session. */
export async function keepDepth(
  sql: Sql,
  source: string,
  dataset: string,
  from: string | null,
): Promise<void> {
  await sql`
    insert into source_depth (source, dataset, by_date_from) values (${source}, ${dataset}, ${from})
    on conflict (source, dataset) do update set by_date_from = excluded.by_date_from, sampled_at = now()`
}

/** All that was sampled within the last month. */
export async function loadDepths(
  sql: Sql,
): Promise<{ source: string; dataset: string; from: string | null }[]> {
  return await sql<{ source: string; dataset: string; from: string | null }[]>`
    select source, dataset, by_date_from as "from" from source_depth where sampled_at > now() - ${KNOWN_FOR}::interval`
}
