import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { migrateDatabase } from '../../db/migrate.ts'
import { type LocalPostgres, type PostgresOptions, startPostgres } from '../../local/postgres.ts'
import { findTemporalBinary } from '../../local/temporal-binary.ts'
import { startTemporal } from '../../local/temporal.ts'
import { startWatchdog, type Watchdog } from '../../local/watchdog.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder that is removed at the end of this test run. */
    folder: string
    /** Administrator's URL of the one PostgreSQL of this test run. */
    adminUrl: string
    /** The Temporal CLI. */
    temporalBinary: string
    /** host:port of the one Temporal of this test run; each test has a namespace of its own there. */
    temporalAddress: string
  }
}

/** Name of the migrated database that every test database is copied from. */
export const TEMPLATE = 'ashare_template'

/** One PostgreSQL for the whole run, with a migrated template, and one Temporal, whose binary is found or made. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string) => console.log(`[setup] ${line}`)
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-test-'))
  const guard = startWatchdog(log)
  const [database, temporal] = await Promise.all([
    openPostgres({ dataDir, port: 0, guard }),
    openTemporal({ dataDir, guard }, log),
  ])
  project.provide('folder', dataDir)
  project.provide('adminUrl', database.adminUrl)
  project.provide('temporalBinary', temporal.binary)
  project.provide('temporalAddress', temporal.server.address)
  return async () => {
    await temporal.server.stop()
    await database.stop()
    await guard.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function openPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const server = await startPostgres(options)
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
  return server
}

async function openTemporal(around: { dataDir: string; guard: Watchdog }, log: (line: string) => void) {
  const binary = await findTemporalBinary({ log, guard: around.guard })
  const server = await startTemporal({
    ...around,
    binary,
    port: 0,
    uiPort: 0,
    searchAttributes: SEARCH_ATTRIBUTES,
    isForgetful: true,
  })
  return { binary, server }
}
