import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import { type Database, openDatabase, type Sql } from '../../db/client.ts'
import { TEMPLATE } from './global-setup.ts'

export interface TestDatabase extends Database {
  url: string
  drop(): Promise<void>
}

/** A fresh migrated database of its own. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('adminUrl')
  const name = `t_${randomBytes(6).toString('hex')}`
  const admin = postgres(adminUrl, { max: 1, onnotice: () => undefined })
  // A thousand small files: copying them takes a fifth of what writing each of their pages to the log takes.
  await admin.unsafe(`create database ${name} template ${TEMPLATE} strategy file_copy`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  const db = openDatabase({ url: url.toString(), max: 12, name: 'test' })
  return {
    ...db,
    url: url.toString(),
    drop: async () => {
      await db.close()
      await admin.unsafe(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}

/**
 * Empties tables, in this order. Not by truncating: they hold little, and that takes a lock and new files of each of the
 * partitions of bars.
 */
export async function empty(sql: Sql, ...tables: string[]): Promise<void> {
  for (const table of tables) await sql`delete from ${sql(table)}`
}

/** Nothing of the bars was ever fetched, and nothing of it failed; lists and runs stay. `more` are emptied as well. */
export async function forgetBars(sql: Sql, ...more: string[]): Promise<void> {
  await empty(sql, 'bars', 'adj_factor', 'coverage', 'coverage_hole', 'sync_failure', ...more)
}
