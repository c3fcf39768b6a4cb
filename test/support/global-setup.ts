import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { workflowBundle } from '../../activities/worker/bundle.ts'
import { migrateDatabase } from '../../db/migrate.ts'
import { type LocalPostgres, type PostgresOptions, startPostgres } from '../../local/postgres.ts'
import { findTemporalBinary } from '../../local/temporal-binary.ts'
import { startTemporal } from '../../local/temporal.ts'
import { startWatchdog, type Watchdog } from '../../local/watchdog.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'
import { BUNDLES } from './bundles.ts'

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
  const dataDir = mkdtempSync(join(memory() ?? tmpdir(), `ashare-test-${process.pid}-`))
  const guard = startWatchdog(log)
  const [database, temporal] = await Promise.all([
    openPostgres({ dataDir, port: 0, guard }),
    openTemporal({ dataDir, guard }, log),
    // Once, and not by each of the files that begin together.
    workflowBundle(BUNDLES),
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

// Memory that Linux offers as a folder, and what all databases of a run fit into many times over.
const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 6 * 2 ** 30

/**
 * A folder in memory, if there is one with room. Every test copies a database of a thousand files: on a disk that is most of
 * what PostgreSQL does in this suite. Containers often have 64 MB there, too little.
 */
function memory(): string | undefined {
  try {
    clearLeftovers(MEMORY)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : undefined
  } catch {
    return undefined
  }
}

/** Runs that were killed could not clear up after themselves, and nobody looks into memory for what fills it. */
function clearLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^ashare-test-(\d+)-/.exec(name)?.[1])
    if (pid && isGone(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
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
