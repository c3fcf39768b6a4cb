import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFaultPlan } from './faults.ts'
import type { Fault, FaultState } from './faults.ts'
import type { ReplayMarket } from './market.ts'
import { changeMarket, control, setFaults } from './tushare/control.ts'
import type { ControlDeps, MarketChange } from './tushare/control.ts'
import { createExchange } from './tushare/exchange.ts'
import { createHeldBack } from './tushare/held-back.ts'
import { createJournal } from './tushare/journal.ts'
import type { JournalStats } from './tushare/journal.ts'
import { createRateLimiter } from './tushare/rate-limits.ts'
import type { RateLimits } from './tushare/rate-limits.ts'
import type { Generation } from './tushare/refusals.ts'
import { readBody, sendJson } from './tushare/http.ts'

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

const answerControl = async (
  deps: ControlDeps,
  key: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> => {
  if (req.headers['x-replay-key'] !== key)
    return sendJson(res, 403, { error: 'x-replay-key is missing or wrong' })
  try {
    const url = new URL(req.url ?? '/', 'http://replay')
    const result = control(deps, req.method ?? '', url, await readBody(req))
    return result === undefined
      ? sendJson(res, 404, { error: 'no such endpoint' })
      : sendJson(res, 200, result)
  } catch (error) {
    return sendJson(res, 400, { error: error instanceof Error ? error.message : String(error) })
  }
}

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
  const control: ControlDeps = { market, journal, faults, held, now }
  return { control, exchange }
}

/** Starts a server that answers like Tushare Pro, on 127.0.0.1, from the given market. */
export const startTushareReplay = async (options: TushareReplayOptions): Promise<TushareReplay> => {
  const { control: deps, exchange } = createHandlers(options)
  const controlKey = randomBytes(16).toString('hex')
  const server = createServer((req, res) => {
    const isControl = req.url?.startsWith('/__replay/') === true
    const done = isControl ? answerControl(deps, controlKey, req, res) : exchange(req, res)
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
