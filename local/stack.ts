import { join, resolve } from 'node:path'
import { API_NODE_FLAGS } from '../api/node-flags.ts'
import { forgetDead } from './child-records.ts'
import { watchClock } from './clock-watch.ts'
import { claimDataDir } from './data-dir.ts'
import { watchDisk } from './disk-watch.ts'
import { withFullDiskTold } from './full-disk.ts'
import { type NodePartSpec, type ReadyInfo, nodePart } from './node-part.ts'
import { openPartLogs } from './part-logs.ts'
import { choosePort } from './ports.ts'
import { removeRunning, writeRunning } from './running.ts'
import { type ServerOptions, postgresPart, temporalPart } from './server-parts.ts'
import { type Part, type PartState, Supervisor } from './supervisor.ts'
import type { SearchAttributeType } from './temporal.ts'
import { startWatchdog } from './watchdog.ts'

/** Where everything is, and what each part said when it was ready. */
export interface Surroundings {
  databaseUrl: string
  temporalAddress: string
  api: string
  ready: Readonly<Record<string, ReadyInfo>>
}

/** A program of ours beside the worker and the API; its `env` may be asked for before the servers are up. */
export type ExtraPart = Omit<NodePartSpec, 'env'> & { env?: () => Record<string, string> }

export interface StackOptions {
  dataDir: string
  /** Where the API listens; only this machine without it. */
  host?: string | undefined
  /** Has to be free. Without it: 8000, or a free one when that is taken. */
  port?: number | undefined
  databaseUrl?: string | undefined
  /** Name of the embedded database; each market has its own, so that demo and real data never mix. */
  database?: string | undefined
  temporalAddress?: string | undefined
  temporalNamespace?: string | undefined
  temporalCli?: string | undefined
  searchAttributes?: Readonly<Record<string, SearchAttributeType>>
  /** Started together with the servers, before the worker. */
  extraParts?: readonly ExtraPart[]
  /** More environment for worker and API; may use what the extra parts said. */
  childEnv?: (around: Surroundings) => Record<string, string>
  worker?: Omit<NodePartSpec, 'env' | 'name'>
  api?: Omit<NodePartSpec, 'env' | 'name'>
  migrate?: (databaseUrl: string) => Promise<void>
  /** Throw what stands in the way of a start, as early as it can be known. */
  checks?: {
    beforeServers: () => Promise<void>
    /** The tables are there; worker and API are not. */
    beforePrograms: (databaseUrl: string) => Promise<void>
  }
  log: (line: string) => void
  /** Takes secrets out of what the parts print: a program that crashes prints whatever it was about. */
  redact?: (line: string) => string
  /** Also print what the parts print. */
  verbose?: boolean
  /** Ends a start that is under way. */
  signal?: AbortSignal
}

export interface Stack {
  addresses: { api: string; temporal: string; temporalUi: string | undefined; postgres: string }
  ready: Readonly<Record<string, ReadyInfo>>
  part: (name: string) => PartState
  stop: () => Promise<void>
  kill: () => void
}

const DEFAULT_API_PORT = 8000
const DEFAULT_HOST = '127.0.0.1'
const ROOT = join(import.meta.dirname, '..')
const WORKER = { file: join(ROOT, 'activities/worker/main.ts') }
const API = { file: join(ROOT, 'api/main.ts'), nodeFlags: API_NODE_FLAGS }

const chooseApiPort = ({ host = DEFAULT_HOST, port, log }: StackOptions): Promise<number> =>
  choosePort({
    what: 'the API',
    preferred: port ?? DEFAULT_API_PORT,
    whenTaken: port === undefined || port === 0 ? 'choose' : 'fail',
    host,
    log,
  })

const reachableHost = (host = DEFAULT_HOST): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

const defaultMigrate = async (): Promise<(url: string) => Promise<void>> =>
  (await import('../db/migrate.ts')).migrateDatabase

interface Workshop {
  options: StackOptions
  supervisor: Supervisor
  servers: ServerOptions
  ready: Record<string, ReadyInfo>
  program: (spec: NodePartSpec) => Part
  start: (parts: readonly Part[]) => Promise<void>
  /** Settles when the tables are ready for the programs. */
  tables: Promise<void>
  close: () => Promise<void>
}

/** Claims the folder and sets up all that watches over parts; nothing runs yet. */
const openWorkshop = async (options: StackOptions): Promise<Workshop> => {
  const { dataDir, log, database, temporalCli, temporalNamespace, searchAttributes = {} } = options
  const lock = await claimDataDir(dataDir, log)
  const guard = startWatchdog(log)
  const logs = openPartLogs(options)
  const supervisor = new Supervisor({ log })
  const renewTemporal = (): void => void supervisor.restart('temporal').catch(() => undefined)
  const watches = [watchDisk(dataDir, log), watchClock(log, renewTemporal)]
  const ready: Record<string, ReadyInfo> = {}
  return {
    options,
    supervisor,
    ready,
    servers: {
      dataDir,
      guard,
      log,
      outputOf: logs.of,
      database,
      temporalCli,
      temporalNamespace,
      searchAttributes,
    },
    program: (spec) => {
      const onReady = (info: ReadyInfo): void => void (ready[spec.name] = info)
      return nodePart(spec, { dataDir, guard, onLine: logs.of(spec.name), onReady })
    },
    tables: Promise.resolve(),
    start: (parts) => supervisor.start(parts.map((part) => withFullDiskTold(part, dataDir))),
    close: async () => {
      for (const watch of watches) watch.close()
      await supervisor.stop()
      await guard.close()
      forgetDead(dataDir)
      logs.close()
      removeRunning(dataDir)
      lock.release()
    },
  }
}

interface Servers {
  postgres: string
  temporal: string
  temporalUi: string | undefined
}

const startServers = async ({ options, start, servers, program }: Workshop): Promise<Servers> => {
  const { databaseUrl, temporalAddress, extraParts = [] } = options
  const postgres = databaseUrl === undefined ? postgresPart(servers) : undefined
  const temporal = temporalAddress === undefined ? temporalPart(servers) : undefined
  const extra = extraParts.map((spec) => program({ env: () => ({}), ...spec }))
  await start([postgres?.part, temporal?.part, ...extra].filter((part) => part !== undefined))
  return {
    postgres: databaseUrl ?? postgres?.url() ?? '',
    temporal: temporalAddress ?? temporal?.address() ?? '',
    temporalUi: temporal?.uiAddress(),
  }
}

const startPrograms = async (
  workshop: Workshop,
  servers: Servers,
  api: string,
  apiPort: number,
): Promise<void> => {
  const { options, start, ready, program } = workshop
  const env = (): Record<string, string> => ({
    DATABASE_URL: servers.postgres,
    // They are in that address already, where it is the user's own.
    DATABASE_URL_FILE: '',
    DATABASE_PASSWORD: '',
    DATABASE_PASSWORD_FILE: '',
    TEMPORAL_ADDRESS: servers.temporal,
    TEMPORAL_NAMESPACE: options.temporalNamespace ?? 'default',
    ...(servers.temporalUi !== undefined && { TEMPORAL_UI_URL: servers.temporalUi }),
    DATA_DIR: options.dataDir,
    HOST: options.host ?? DEFAULT_HOST,
    PORT: String(apiPort),
    ...options.childEnv?.({ databaseUrl: servers.postgres, temporalAddress: servers.temporal, api, ready }),
  })
  const worker = { ...(options.worker ?? WORKER), name: 'worker', env }
  await start([program(worker), program({ ...(options.api ?? API), name: 'api', env })])
}

const prepareTables = async (
  { checks }: StackOptions,
  migrate: (url: string) => Promise<void>,
  databaseUrl: string,
): Promise<void> => {
  await migrate(databaseUrl)
  await checks?.beforePrograms(databaseUrl)
}

const bringUp = async (workshop: Workshop): Promise<Stack['addresses']> => {
  const { options } = workshop
  await options.checks?.beforeServers()
  // First, because it is the one thing that the user may have to change.
  const apiPort = await chooseApiPort(options)
  // Loaded while the servers start.
  const migrating = options.migrate ? Promise.resolve(options.migrate) : defaultMigrate()
  migrating.catch(() => undefined)
  const servers = await startServers(workshop)
  const migrate = await migrating
  options.signal?.throwIfAborted()
  await (workshop.tables = prepareTables(options, migrate, servers.postgres))
  const api = `http://${reachableHost(options.host)}:${apiPort}`
  await startPrograms(workshop, servers, api, apiPort)
  return { api, ...servers }
}

/** Starts everything on a data folder, and keeps it running until `stop`. */
export const startStack = async (given: StackOptions): Promise<Stack> => {
  const options = { ...given, dataDir: resolve(given.dataDir) }
  const workshop = await openWorkshop(options)
  const { supervisor, ready, close } = workshop
  // A statement that loses its server in the middle may end this process: the driver throws where nobody can catch it.
  const abort = (): void => void workshop.tables.catch(() => undefined).then(() => supervisor.stop())
  options.signal?.addEventListener('abort', abort)
  try {
    options.signal?.throwIfAborted()
    const addresses = await bringUp(workshop)
    const { api, temporal, temporalUi, postgres } = addresses
    writeRunning(options.dataDir, {
      pid: process.pid,
      api,
      temporal,
      temporal_ui: temporalUi ?? null,
      postgres,
    })
    return {
      addresses,
      ready,
      part: (name) => supervisor.part(name),
      stop: close,
      kill: () => supervisor.kill(),
    }
  } catch (error) {
    await close()
    throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}
