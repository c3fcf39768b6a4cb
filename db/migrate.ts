import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { withoutParameters } from './errors.ts'
import { openIndices } from './indices.ts'

// Any number: it only has to be the same in every process that migrates.
const MIGRATION_LOCK = 7_316_204

/**
 * Brings the database to the newest schema. Safe to call from several processes at once: drizzle takes no lock, so one
 * connection holds an advisory lock around it.
 */
export async function migrateDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 30 })
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`
    await migrate(drizzle(sql), { migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)) })
    await openIndices(sql)
    await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`
  } catch (error) {
    throw withoutParameters(error)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
