import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Depth } from './baostock/api.ts'
import { createConnections } from './baostock/connections.ts'
import type { ConnectionStats } from './baostock/connections.ts'
import { serve } from './baostock/serve.ts'
import type { IdleEnd, ServeDeps } from './baostock/serve.ts'
import { createUniverses } from './baostock/universe.ts'
import { createControlKey, startControlServer } from './control-server.ts'
import { changeMarket, createRespond, setFaults } from './control.ts'
import type { ControlDeps, MarketChange } from './control.ts'
import { createFaultPlan } from './faults.ts'
import type { Fault, FaultState } from './faults.ts'
import { createHeldBack } from './held-back.ts'
import { createJournal } from './journal.ts'
import type { JournalStats } from './journal.ts'
import type { ReplayMarket } from './market.ts'

export interface BaostockReplayOptions {
  readonly market: ReplayMarket
  /** 127.0.0.1 by default. */
  readonly host?: string
  /** 0 (the default) takes a free one. */
  readonly port?: number
  /** Keys that are accepted beside the anonymous login. */
  readonly apiKeys?: readonly string[]
  /** Rows of a page at most, whatever a client asks for (default 10,000). */
  readonly pageSize?: number
  readonly faults?: readonly Fault[]
  /** `live` waits about as long as answers of the real server take. */
  readonly latency?: 'none' | 'live'
  /** Queries of one address in a day of Beijing, pages included; unlimited by default. */
  readonly dailyQuota?: number
  /** How long a connection may rest (default: for ever), and how it ends then (default `fin`). */
  readonly idleMs?: number
  readonly idleEnd?: IdleEnd
  /** Connections of one address at a time (default 1). One more is served all the same, but is an offence. */
  readonly maxConnections?: number
  /** So many offences put an address on the black list (default: none does), for `blackListMs` (default 6 hours). */
  readonly blackListAfter?: number
  readonly blackListMs?: number
  /** How far back the tables of a whole day reach (default `all`). */
  readonly depth?: Depth
  /**
   * For measuring clients: an answer with rows is made once, and the same request gets the same bytes from then on, whatever
   * became of the market. Neither faults, quota, latency nor journal know of the later ones.
   */
  readonly rememberReplies?: boolean
  /** One of its own by default; several upstreams of one process share one. */
  readonly controlKey?: string
  readonly now?: () => number
}

export interface BaostockReplay {
  readonly host: string
  readonly port: number
  /** Where `/__replay/` is: the protocol itself has no room for it. */
  readonly controlUrl: string
  /** Value of the header `x-replay-key` for everything below `/__replay/`. */
  readonly controlKey: string
  readonly stats: (since?: number) => JournalStats & { readonly connections: ConnectionStats }
  readonly setFaults: (faults: readonly Fault[]) => void
  readonly faults: () => readonly FaultState[]
  readonly changeMarket: (change: MarketChange) => void
  /** Takes everybody off the black list and forgets offences and quotas. */
  readonly forgive: () => void
  readonly close: () => Promise<void>
}

const BLACK_LIST_MS = 6 * 3_600_000
// The largest page that was ever asked of the real server, which granted it.
const PAGE_ROWS = 10_000

/** Everything between the sockets and the market. */
const createDeps = (options: BaostockReplayOptions) => {
  const { market, now = Date.now } = options
  const journal = createJournal()
  const faults = createFaultPlan(options.faults ?? [], now(), 'baostock')
  const held = createHeldBack(market.calendar)
  const connections = createConnections({
    maxConnections: options.maxConnections ?? 1,
    blackListAfter: options.blackListAfter ?? Infinity,
    blackListMs: options.blackListMs ?? BLACK_LIST_MS,
    dailyQuota: options.dailyQuota ?? Infinity,
    now,
  })
  const serving: ServeDeps = {
    market,
    journal,
    faults,
    connections,
    now,
    universe: createUniverses(market),
    isPublished: held.isPublished,
    depth: options.depth ?? 'all',
    pageRows: options.pageSize ?? PAGE_ROWS,
    apiKeys: options.apiKeys ?? [],
    latency: options.latency ?? 'none',
    idleMs: options.idleMs,
    idleEnd: options.idleEnd ?? 'fin',
    remembered: options.rememberReplies === true ? new Map<string, Buffer>() : null,
  }
  const more = () => ({ connections: connections.stats() })
  const control: ControlDeps<Fault, FaultState> = { market, journal, faults, held, now, more }
  return { serving, control, connections }
}

const createListener = (deps: ServeDeps, sockets: Set<Socket>): Server => {
  let number = 0
  return createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const address = socket.remoteAddress ?? ''
    const isOpen = () => !socket.destroyed && !socket.readableEnded
    // By the end of this turn the end of a connection that was closed before this one was opened has been read too.
    setImmediate(() => deps.connections.opened(address, isOpen))
    serve(deps, { number: ++number, address, user: null }, socket)
  })
}

/** Starts a server that talks like BaoStock's, from the given market; its control endpoints have a port of their own. */
export const startBaostockReplay = async (options: BaostockReplayOptions): Promise<BaostockReplay> => {
  const { serving, control, connections } = createDeps(options)
  const { host = '127.0.0.1', controlKey = createControlKey() } = options
  const sockets = new Set<Socket>()
  const server = createListener(serving, sockets)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const controls = await startControlServer(createRespond(control), controlKey)
  const closeServer = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      // A hanging answer (a fault) must not keep the process alive.
      for (const socket of sockets) socket.destroy()
    })
  return {
    host,
    port: (server.address() as AddressInfo).port,
    controlUrl: controls.url,
    controlKey,
    stats: (since) => ({ ...control.journal.stats(since), connections: connections.stats() }),
    setFaults: (list) => void setFaults(control, list),
    faults: () => control.faults.state(),
    changeMarket: (change) => void changeMarket(control, change),
    forgive: () => connections.forgive(),
    close: async () => {
      await Promise.all([closeServer(), controls.close()])
    },
  }
}
