import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFaultPlan } from './faults.ts'
import type { Fault, FaultState } from './faults.ts'
import type { ReplayMarket } from './market.ts'
import { answerControl, createControlKey } from './control-server.ts'
import { changeMarket, createRespond, setFaults } from './control.ts'
import type { ControlDeps, MarketChange } from './control.ts'
import { createExchange } from './tushare/exchange.ts'
import { createHeldBack } from './held-back.ts'
import { HTTP_OPTIONS } from './http.ts'
import { createJournal } from './journal.ts'
import type { JournalStats } from './journal.ts'
import { createRateLimiter } from './tushare/rate-limits.ts'
import type { RateLimits } from './tushare/rate-limits.ts'
import type { Generation } from './tushare/refusals.ts'

export interface TushareReplayOptions {
  readonly market: ReplayMarket
  /** The one token that is accepted. */
  readonly token: string
  /** 0 (the default) takes a free one. */
  readonly port?: number
  /** Calls per minute, hour or day by API; none by default. */
  readonly limits?: RateLimits
  readonly faults?: readonly Fault[]
  /** The account's points; 120 may call `daily` only. */
  readonly points?: number
  readonly generation?: Generation
  /** `live` waits as long as answers of the live server took, seen from China. */
  readonly latency?: 'none' | 'live'
  /** Compresses for clients that accept it. */
  readonly gzip?: boolean
  /** One of its own by default; several upstreams of one process share one. */
  readonly controlKey?: string
  readonly now?: () => number
}

export interface TushareReplay {
  readonly url: string
  /** Value of the header `x-replay-key` for everything below `/__replay/`. */
  readonly controlKey: string
  readonly stats: (since?: number) => JournalStats
  readonly setFaults: (faults: readonly Fault[]) => void
  readonly faults: () => readonly FaultState[]
  readonly changeMarket: (change: MarketChange) => void
  readonly close: () => Promise<void>
}

/** More than any account of upstream has: everything is allowed. */
const ALL_POINTS = 15_000

/** Everything between the socket and the market; `control` is for `/__replay/`, `exchange` for the rest. */
const createHandlers = (options: TushareReplayOptions) => {
  const { market, token, now = Date.now } = options
  const journal = createJournal()
  const faults = createFaultPlan(options.faults ?? [], now())
  const held = createHeldBack(market.calendar)
  const exchange = createExchange({
    market,
    token,
    points: options.points ?? ALL_POINTS,
    generation: options.generation ?? '2026',
    limiter: createRateLimiter(options.limits ?? {}),
    isPublished: held.isPublished,
    journal,
    faults,
    now,
    latency: options.latency ?? 'none',
    gzip: options.gzip ?? true,
  })
  const control: ControlDeps<Fault, FaultState> = { market, journal, faults, held, now }
  return { control, exchange }
}

/** Starts a server that answers like Tushare Pro, on 127.0.0.1, from the given market. */
export const startTushareReplay = async (options: TushareReplayOptions): Promise<TushareReplay> => {
  const { control: deps, exchange } = createHandlers(options)
  const { controlKey = createControlKey() } = options
  const respond = createRespond(deps)
  const server = createServer(HTTP_OPTIONS, (req, res) => {
    const isControl = req.url?.startsWith('/__replay/') === true
    const done = isControl ? answerControl(respond, controlKey, req, res) : exchange(req, res)
    // The client went away in the middle: nobody is left to tell.
    done.catch(() => res.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    controlKey,
    stats: (since) => deps.journal.stats(since),
    setFaults: (list) => void setFaults(deps, list),
    faults: () => deps.faults.state(),
    changeMarket: (change) => void changeMarket(deps, change),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // A hanging answer (a fault) must not keep the process alive.
        server.closeAllConnections()
      }),
  }
}
