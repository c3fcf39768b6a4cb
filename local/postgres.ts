import { join, resolve } from 'node:path'
import { totalmem } from 'node:os'
import postgres from 'postgres'
import { type Child, PartFailedError, type ProcessGuard, startChild } from './child.ts'
import { endOrphan } from './child-records.ts'
import { choosePort, rememberPorts, rememberedPort } from './ports.ts'
import { chooseAccount, placeForCluster } from './postgres-account.ts'
import { OPEN_FOLDERS, findPostgresBinaries, reachableBinaries } from './postgres-binaries.ts'
import {
  type Cluster,
  POSTGRES_USER,
  checkVersion,
  clearStaleServer,
  openCluster,
  passwordFile,
  postgresEnv,
} from './postgres-cluster.ts'
import { SetupError } from './setup-error.ts'

/** Beside the usual 5432, which a PostgreSQL of the user's own may hold. */
export const DEFAULT_POSTGRES_PORT = 5433
const DEFAULT_DATABASE = 'ashare'
// Recovery after a crash replays up to max_wal_size; a slow disk needs minutes for that.
const START_LIMIT_MS = 300_000

export interface PostgresOptions {
  dataDir: string
  /** Preferred port; without it the one used last, else 5433. */
  port?: number
  portWhenTaken?: 'choose' | 'fail'
  /** Made when it is new; `ashare` without it. */
  database?: string
  log?: (line: string) => void
  /** Receives what the server prints. */
  onLine?: (line: string) => void
  guard?: ProcessGuard
  /** Where data and programs go when root's stand-in cannot reach the checkout. */
  openFolders?: readonly string[]
}

export interface LocalPostgres {
  /** For the application: its own database. */
  url: string
  /** For creating other databases: database `postgres`, same role. */
  adminUrl: string
  port: number
  pid: number
  exited: Promise<string>
  stop(): Promise<void>
}

const MEBIBYTE = 1024 * 1024

/** For loading in bulk on a small machine. Durability stays as PostgreSQL ships it: fsync and synchronous_commit on. */
const settings = (): Record<string, string> => {
  const memory = Math.floor(totalmem() / MEBIBYTE)
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A quarter of the memory is the usual advice; past 512 MB this data gains nothing and the machine is not ours alone.
    shared_buffers: `${Math.max(64, Math.min(512, Math.floor(memory / 4)))}MB`,
    effective_cache_size: `${Math.max(128, Math.floor(memory / 2))}MB`,
    maintenance_work_mem: '128MB',
    work_mem: '16MB',
    // A full history writes gigabytes: with the default 1 GB a checkpoint, and its full-page images, comes every few seconds.
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    wal_compression: 'pglz',
    random_page_cost: '1.1',
    jit: 'off',
    huge_pages: 'off',
    log_checkpoints: 'off',
  }
}

const adviceFor = (folder: string): string =>
  `If its data is damaged, put ${folder} back from a backup, or move it away: the tables begin anew, to be filled by a sync.`

const untilReady = async (
  { folder }: Cluster,
  child: Child,
  ready: Promise<void>,
  log: (line: string) => void,
): Promise<void> => {
  const waiting = setTimeout(
    () => log('PostgreSQL is still starting: after a crash it replays its log, which may take minutes'),
    5_000,
  )
  let limit: NodeJS.Timeout | undefined
  const late = new Promise<string>((fulfil) => {
    limit = setTimeout(() => fulfil(`not ready after ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS)
  })
  const problem = await Promise.race([ready, child.exited, late])
  clearTimeout(waiting)
  clearTimeout(limit)
  if (problem === undefined) return
  await child.stop()
  throw new PartFailedError('PostgreSQL', problem, [child.said(), adviceFor(folder)].join('\n'))
}

const launch = async (cluster: Cluster, port: number, options: PostgresOptions): Promise<Child> => {
  let announce: () => void
  const ready = new Promise<void>((fulfil) => (announce = fulfil))
  const flags = Object.entries(settings()).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = await startChild({
    name: 'postgres',
    dataDir: options.dataDir,
    command: cluster.binaries.postgres,
    args: ['-D', cluster.folder, '-p', String(port), ...flags],
    env: postgresEnv(),
    cwd: '/',
    ...cluster.account,
    // "Fast" shutdown: sessions are cut, data is checkpointed. SIGTERM would wait for the last client to leave.
    signal: 'SIGINT',
    graceMs: 30_000,
    ...(options.guard && { guard: options.guard }),
    onLine: (line) => {
      if (line.includes('database system is ready to accept connections')) announce()
      options.onLine?.(line)
    },
  })
  await untilReady(cluster, child, ready, options.log ?? (() => undefined))
  return child
}

const createDatabase = async (adminUrl: string, name: string): Promise<void> => {
  const sql = postgres(adminUrl, { max: 1, connect_timeout: 10, onnotice: () => undefined })
  try {
    const found = await sql`SELECT 1 FROM pg_database WHERE datname = ${name}`
    if (found.length === 0) await sql`CREATE DATABASE ${sql(name)}`
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const prepare = ({
  dataDir,
  log = () => undefined,
  openFolders = OPEN_FOLDERS,
}: PostgresOptions): Cluster => {
  const found = findPostgresBinaries()
  const account = chooseAccount(join(dataDir, 'postgres'))
  const binaries = reachableBinaries(found, account, log, openFolders)
  const folder = placeForCluster(dataDir, account, openFolders, log)
  return { folder, account, binaries }
}

// Between finding a free port and listening on it another program may take it.
const PORT_ATTEMPTS = 4

const startOnSomePort = async (
  cluster: Cluster,
  options: PostgresOptions,
): Promise<{ child: Child; port: number }> => {
  const { log = () => undefined, portWhenTaken = 'choose' } = options
  const preferred = options.port ?? rememberedPort(options.dataDir, 'postgres') ?? DEFAULT_POSTGRES_PORT
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort({ what: 'PostgreSQL', preferred, whenTaken: portWhenTaken, log })
    try {
      return { child: await launch(cluster, port, options), port }
    } catch (error) {
      const portLost = error instanceof Error && error.message.includes('could not create any TCP/IP sockets')
      if (!portLost || portWhenTaken === 'fail' || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

const isRefusedPassword = (error: unknown): boolean => (error as { code?: unknown }).code === '28P01'

const lostPassword = (dataDir: string): string =>
  `PostgreSQL does not take the password in ${passwordFile(dataDir)}: remove that file and start again, which sets a new one.`

/** Starts the embedded PostgreSQL of a data folder, making it first when it is new. */
export const startPostgres = async (given: PostgresOptions): Promise<LocalPostgres> => {
  const options = { ...given, dataDir: resolve(given.dataDir) }
  const { dataDir, database = DEFAULT_DATABASE, log = () => undefined } = options
  await endOrphan(dataDir, 'postgres', log)
  const cluster = prepare(options)
  checkVersion(cluster)
  await clearStaleServer(cluster.folder, log)
  const password = await openCluster(cluster, dataDir)
  const { child, port } = await startOnSomePort(cluster, options)
  const urlOf = (database: string): string =>
    `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${database}`
  try {
    await createDatabase(urlOf('postgres'), database)
  } catch (error) {
    await child.stop()
    throw isRefusedPassword(error) ? new SetupError(lostPassword(dataDir), { cause: error }) : error
  }
  rememberPorts(dataDir, { postgres: port })
  return {
    url: urlOf(database),
    adminUrl: urlOf('postgres'),
    port,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop(),
  }
}
