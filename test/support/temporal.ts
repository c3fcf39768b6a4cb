import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js'
import { msToTs } from '@temporalio/common/lib/time.js'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { inject } from 'vitest'
import { WatchedConnection } from '../../api/temporal/connection.ts'
import { startTemporal } from '../../local/temporal.ts'
import { startWatchdog } from '../../local/watchdog.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'

/** A Temporal of a test's own: nobody else starts anything in its namespace. */
export interface TestTemporal {
  /** host:port of its gRPC service. */
  address: string
  namespace: string
  client: Client
  /** Goes away, and is back at the same address after a while; only with a server of its own. */
  leave(ms: number): Promise<void>
  close(): Promise<void>
}

// A server that a busy machine keeps from answering comes to it in the end.
const CONNECT_MS = 60_000

/** A new namespace on the one server of the test run: made in milliseconds, where a server takes a second of a core. */
export async function openNamespace(): Promise<TestTemporal> {
  const address = inject('temporalAddress')
  const namespace = `t-${randomUUID()}`
  const connection = await Connection.connect({ address, connectTimeout: CONNECT_MS })
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  })
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: searchAttributes() })
  return {
    address,
    namespace,
    client: new Client({ connection, namespace }),
    leave: () => Promise.reject(new Error('everybody uses this Temporal: open one of your own')),
    close: () => connection.close(),
  }
}

/** A server that nobody else uses: for tests in which it is away. */
export async function openOwnTemporal(): Promise<TestTemporal> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-temporal-'))
  const guard = startWatchdog(() => undefined)
  const start = (port: number, uiPort: number) =>
    startTemporal({
      dataDir,
      binary: inject('temporalBinary'),
      port,
      uiPort,
      // Whoever waits for its return knows one address.
      portWhenTaken: port === 0 ? 'choose' : 'fail',
      searchAttributes: SEARCH_ATTRIBUTES,
      guard,
    })
  let server = await start(0, 0)
  const { address, port, uiPort } = server
  const connection = await Connection.connect({ address, connectTimeout: CONNECT_MS })
  return {
    address,
    namespace: 'default',
    client: new Client({ connection }),
    leave: async (ms) => {
      await server.stop()
      await sleep(ms)
      server = await start(port, uiPort)
    },
    close: async () => {
      await connection.close()
      await server.stop()
      await guard.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

let away: Client | undefined

/**
 * A client of a Temporal that is away: nobody listens there. One for all, and never closed: a call that somebody has given up
 * goes on trying for seconds, and throws where nobody catches it when its connection was closed meanwhile.
 */
export const awayClient = (): Client =>
  (away ??= new Client({ connection: WatchedConnection.lazy({ address: '127.0.0.1:9' }) }))

function searchAttributes() {
  return Object.fromEntries(
    Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [
      name,
      // 0 is no type: the server refuses it.
      encodeSearchAttributeIndexedValueType(type.toUpperCase() as Uppercase<typeof type>) ?? 0,
    ]),
  )
}

let isQuiet = false

/** Has the SDK print errors only. Before the first worker of a process; a process runs many files of tests. */
export function quietRuntime(): void {
  if (isQuiet) return
  isQuiet = true
  Runtime.install({
    logger: new DefaultLogger('ERROR', ({ message }) => console.error(message)),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  })
}
