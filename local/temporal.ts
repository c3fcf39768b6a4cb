import { existsSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, PartFailedError, type ProcessGuard, startChild } from './child.ts'
import { endOrphan } from './child-records.ts'
import { makeFolder } from './files.ts'
import { choosePort, freePort, isListening, rememberPorts, rememberedPort } from './ports.ts'

/** Where Temporal's own tools look for a server. */
export const DEFAULT_TEMPORAL_PORT = 7233
/** Where people look for its Web UI. */
export const DEFAULT_TEMPORAL_UI_PORT = 8233
const START_LIMIT_MS = 60_000

/** Types that the dev server takes after `--search-attribute NAME=`. */
export type SearchAttributeType = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList'

export interface TemporalOptions {
  dataDir: string
  /** The Temporal CLI (temporal-binary.ts finds it). */
  binary: string
  port?: number
  uiPort?: number
  portWhenTaken?: 'choose' | 'fail'
  namespace?: string
  /** Forgets everything at its end, waits for no disk until then, and takes memory rather than time. */
  isForgetful?: boolean
  searchAttributes: Readonly<Record<string, SearchAttributeType>>
  log?: (line: string) => void
  /** Receives what the server prints (errors only). */
  onLine?: (line: string) => void
  guard?: ProcessGuard
}

export interface LocalTemporal {
  /** host:port of its gRPC service. */
  address: string
  /** URL of its Web UI. */
  uiAddress: string
  port: number
  uiPort: number
  pid: number
  exited: Promise<string>
  stop(): Promise<void>
}

interface Ports {
  port: number
  uiPort: number
  metricsPort: number
  httpPort: number
}

// Measured in docs/decisions/0002: without these each step of a workflow waits for a 50 ms tick. WAL with synchronous=1
// survives any crash of the process; a power cut may lose the last instants, never the file.
const FAST = [
  '--dynamic-config-value=history.transferProcessorMaxPollRPS=2000',
  '--dynamic-config-value=history.timerProcessorMaxPollRPS=2000',
]

// Its HTTP interface takes orders from whoever sends them as plain text, which any page in a browser on this machine may do
// without being asked. Nothing of ours uses it, the Web UI neither: there is no host under which it may be called.
const WITHOUT_HTTP = ['--dynamic-config-value=frontend.httpAllowedHosts=["closed"]']

const storedIn = (file: string): string[] => [
  `--db-filename=${file}`,
  '--sqlite-pragma=journal_mode=wal',
  '--sqlite-pragma=synchronous=1',
]

// Go clears up when what lives has grown by four times its size, instead of by its size: a seventh less of a core. Never
// more than a gigabyte waits for that.
const ROOMY = { GOGC: '400', GOMEMLIMIT: '1GiB' }

const argumentsFor = (ports: Ports, options: TemporalOptions): string[] => [
  'server',
  'start-dev',
  ...(options.isForgetful ? [] : storedIn(databaseIn(options.dataDir))),
  '--ip=127.0.0.1',
  `--port=${ports.port}`,
  `--ui-port=${ports.uiPort}`,
  `--metrics-port=${ports.metricsPort}`,
  `--http-port=${ports.httpPort}`,
  '--log-level=error',
  ...FAST,
  ...WITHOUT_HTTP,
  ...(options.namespace === undefined ? [] : [`--namespace=${options.namespace}`]),
  ...Object.entries(options.searchAttributes).map(([name, type]) => `--search-attribute=${name}=${type}`),
]

const choosePorts = async (options: TemporalOptions): Promise<Ports> => {
  const { dataDir, portWhenTaken: whenTaken = 'choose', log = () => undefined } = options
  const preferred = options.port ?? rememberedPort(dataDir, 'temporal') ?? DEFAULT_TEMPORAL_PORT
  const port = await choosePort({ what: 'Temporal', preferred, whenTaken, log })
  const preferredUi = options.uiPort ?? rememberedPort(dataDir, 'temporal_ui') ?? DEFAULT_TEMPORAL_UI_PORT
  const uiPort = await choosePort({ what: "Temporal's Web UI", preferred: preferredUi, whenTaken, log })
  // The server would choose these itself, and may choose the same one as a neighbour that starts in this moment.
  return { port, uiPort, metricsPort: await freePort(), httpPort: await freePort() }
}

const databaseIn = (dataDir: string): string => join(dataDir, 'temporal.db')

// What is left beside a database that somebody deleted makes the next one unreadable.
const clearLeftovers = (database: string): void => {
  if (existsSync(database)) return
  for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true })
}

const answers = async (port: number, namespace: string): Promise<boolean> => {
  // gRPC waits a full second after a refused connection, so it is asked only when somebody listens.
  if (!(await isListening(port))) return false
  const { Connection } = await import('@temporalio/client')
  const connection = Connection.lazy({ address: `127.0.0.1:${port}` })
  try {
    const ask = (): Promise<unknown> => connection.workflowService.describeNamespace({ namespace })
    await connection.withDeadline(Date.now() + 2_000, ask)
    return true
  } catch {
    return false
  } finally {
    await connection.close()
  }
}

const adviceFor = (dataDir: string): string =>
  `If its database is damaged, move ${databaseIn(dataDir)} (with -wal and -shm) away: ` +
  'workflows begin anew, the tables in PostgreSQL stay.'

const untilReady = async (child: Child, port: number, options: TemporalOptions): Promise<void> => {
  const { dataDir, namespace = 'default' } = options
  let ended: string | undefined
  void child.exited.then((how) => (ended = how))
  const until = performance.now() + START_LIMIT_MS
  // Not by the port alone: another program may have taken it, and then our server ends by itself.
  while (ended === undefined && performance.now() < until) {
    if (await answers(port, namespace)) return
    await sleep(50)
  }
  await child.stop()
  const how = ended ?? `no answer after ${START_LIMIT_MS / 1000} s`
  throw new PartFailedError('Temporal', how, [child.said(), adviceFor(dataDir)].join('\n'))
}

const launch = async (ports: Ports, options: TemporalOptions): Promise<Child> => {
  const { binary, dataDir, guard, onLine } = options
  const child = await startChild({
    name: 'temporal',
    dataDir,
    command: binary,
    args: argumentsFor(ports, options),
    // TEMPORAL_* variables and a profile of the user's CLI are meant for other servers.
    env: {
      PATH: process.env['PATH'],
      HOME: dataDir,
      TZ: 'UTC',
      NO_COLOR: '1',
      ...(options.isForgetful && ROOMY),
    },
    cwd: dataDir,
    signal: 'SIGTERM',
    graceMs: 10_000,
    ...(guard && { guard }),
    ...(onLine && { onLine }),
  })
  await untilReady(child, ports.port, options)
  return child
}

// Between finding free ports and listening on them another program may take one.
const PORT_ATTEMPTS = 4

/** Starts the embedded Temporal server of a data folder with its Web UI. */
export const startTemporal = async (given: TemporalOptions): Promise<LocalTemporal> => {
  const options = { ...given, dataDir: resolve(given.dataDir) }
  const { dataDir, log = () => undefined } = options
  makeFolder(dataDir)
  await endOrphan(dataDir, 'temporal', log)
  clearLeftovers(databaseIn(dataDir))
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(options)
    try {
      const child = await launch(ports, options)
      rememberPorts(dataDir, { temporal: ports.port, temporal_ui: ports.uiPort })
      const [address, uiAddress] = [`127.0.0.1:${ports.port}`, `http://127.0.0.1:${ports.uiPort}`]
      const { pid, exited } = child
      return {
        address,
        uiAddress,
        port: ports.port,
        uiPort: ports.uiPort,
        pid,
        exited,
        stop: () => child.stop(),
      }
    } catch (error) {
      const portLost = /address already in use|can't set up port|port .* not free/i.test(
        (error as Error).message,
      )
      if (!portLost || attempt === PORT_ATTEMPTS) throw error
    }
  }
}
