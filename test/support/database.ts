import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import { type Database, openDatabase } from '../../db/client.ts'
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
  await admin.unsafe(`create database ${name} template ${TEMPLATE}`)
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
