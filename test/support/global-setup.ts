import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { migrateDatabase } from '../../db/migrate.ts'
import { startPostgres } from '../../local/postgres.ts'
import { findTemporalBinary } from '../../local/temporal-binary.ts'
import { startWatchdog } from '../../local/watchdog.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Administrator's URL of the one PostgreSQL of this test run. */
    adminUrl: string
    /** The Temporal CLI. */
    temporalBinary: string
  }
}

/** Name of the migrated database that every test database is copied from. */
export const TEMPLATE = 'ashare_template'

/** One PostgreSQL for the whole run, with a migrated template; the Temporal binary found or made. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string) => console.log(`[setup] ${line}`)
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-test-'))
  const guard = startWatchdog(log)
  const [server, temporalBinary] = await Promise.all([
    startPostgres({ dataDir, port: 0, guard }),
    findTemporalBinary({ log, guard }),
  ])
  const admin = postgres(server.adminUrl, { max: 1, onnotice: () => undefined })
  await admin.unsafe(`create database ${TEMPLATE}`)
  // This server is never killed, and waiting for the disk is much of a short test. Those that kill one start their own.
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes'])
    await admin.unsafe(`alter system set ${setting} = off`)
  await admin.unsafe('select pg_reload_conf()')
  await admin.end()
  const url = new URL(server.adminUrl)
  url.pathname = `/${TEMPLATE}`
  await migrateDatabase(url.toString())
  project.provide('adminUrl', server.adminUrl)
  project.provide('temporalBinary', temporalBinary)
  return async () => {
    await server.stop()
    await guard.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
