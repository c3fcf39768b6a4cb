import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../local/postgres.ts'
import { startTemporal } from '../../local/temporal.ts'
import { findTemporalBinary } from '../../local/temporal-binary.ts'
import { startWatchdog } from '../../local/watchdog.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'

/** A server that can be away for a while and comes back at the same address. */
export interface Server {
  address: string
  /** In its own order … */
  leave(): Promise<void>
  /** … or killed with kill -9. */
  die(): Promise<void>
  comeBack(): Promise<void>
  /** For good. */
  close(): Promise<void>
}

interface Started {
  pid: number
  exited: Promise<string>
  stop(): Promise<void>
}

async function server<T extends Started>(
  start: (around: { dataDir: string; guard: ReturnType<typeof startWatchdog> }, last?: T) => Promise<T>,
  addressOf: (started: T) => string,
): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-server-'))
  const guard = startWatchdog()
  let started = await start({ dataDir, guard })
  return {
    address: addressOf(started),
    leave: () => started.stop(),
    die: async () => {
      process.kill(started.pid, 'SIGKILL')
      await started.exited
    },
    comeBack: async () => {
      started = await start({ dataDir, guard }, started)
    },
    close: async () => {
      await started.stop()
      await guard.close()
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export const postgresServer = (): Promise<Server> =>
  server(
    (around, last?: Awaited<ReturnType<typeof startPostgres>>) =>
      startPostgres({ ...around, port: last?.port ?? 0, portWhenTaken: last ? 'fail' : 'choose' }),
    ({ url }) => url,
  )

export const temporalServer = (): Promise<Server> =>
  server(
    async (around, last?: Awaited<ReturnType<typeof startTemporal>>) =>
      startTemporal({
        ...around,
        binary: await findTemporalBinary({ log: () => undefined, guard: around.guard }),
        port: last?.port ?? 0,
        uiPort: last?.uiPort ?? 0,
        portWhenTaken: last ? 'fail' : 'choose',
        searchAttributes: SEARCH_ATTRIBUTES,
      }),
    ({ address }) => address,
  )
