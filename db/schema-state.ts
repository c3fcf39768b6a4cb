import { readFileSync } from 'node:fs'
import type { Sql } from './client.ts'

export interface SchemaState {
  /** `newer`: a later version of the program has migrated it. */
  state: 'current' | 'behind' | 'newer'
  /** Migrations that are not applied yet. */
  pending: number
}

/** Times of all migrations of this version, oldest first. */
function knownMigrations(): number[] {
  const text = readFileSync(new URL('./migrations/meta/_journal.json', import.meta.url), 'utf8')
  const { entries } = JSON.parse(text) as { entries: { when: number }[] }
  return entries.map(({ when }) => when).sort((a, b) => a - b)
}

/** How the tables of a database compare with the migrations of this version. */
export async function schemaState(sql: Sql): Promise<SchemaState> {
  const known = knownMigrations()
  const [table] = await sql<{ there: boolean }[]>`
    select to_regclass('drizzle.__drizzle_migrations') is not null as there`
  if (!table?.there) return { state: 'behind', pending: known.length }
  // As drizzle does: whatever is later than the newest one that was applied is still to come.
  const [row] = await sql<{ newest: number }[]>`
    select coalesce(max(created_at), 0)::float8 as newest from drizzle.__drizzle_migrations`
  const newest = row?.newest ?? 0
  const pending = known.filter((when) => when > newest).length
  if (pending > 0) return { state: 'behind', pending }
  return { state: newest > (known.at(-1) ?? 0) ? 'newer' : 'current', pending: 0 }
}
