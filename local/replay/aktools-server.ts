import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAktoolsRespond, createControl } from './aktools/control.ts'
import type { AktoolsControl } from './aktools/control.ts'
import { createEvaluator } from './aktools/evaluate.ts'
import { answerCall } from './aktools/exchange.ts'
import type { CallDeps } from './aktools/exchange.ts'
import { createAktoolsFaultPlan } from './aktools/faults.ts'
import type { AktoolsFault } from './aktools/faults.ts'
import { routeOf } from './aktools/routes.ts'
import { send } from './aktools/wire.ts'
import { answerControl, createControlKey } from './control-server.ts'
import { createHeldBack } from './held-back.ts'
import { HTTP_OPTIONS, readBody } from './http.ts'
import { createJournal } from './journal.ts'
import type { JournalStats } from './journal.ts'
import type { ReplayMarket } from './market.ts'

export interface AktoolsReplayOptions {
  readonly market: ReplayMarket
  /** 127.0.0.1 by default. */
  readonly host?: string
  /** 0 (the default) takes a free one. */
  readonly port?: number
  readonly faults?: readonly AktoolsFault[]
  /** `live` waits as long as the sites make AKShare wait: a snapshot of 5,500 stocks takes about a minute. */
  readonly latency?: 'none' | 'live'
  /** One of its own by default; several upstreams of one process share one. */
  readonly controlKey?: string
  readonly now?: () => number
}

export interface AktoolsReplay {
  readonly url: string
  /** Value of the header `x-replay-key` for everything below `/__replay/`. */
  readonly controlKey: string
  /** The calls that came in. `since`: only those with a greater seq. */
  readonly requests: (since?: number) => JournalStats
  readonly control: AktoolsControl
  readonly close: () => Promise<void>
}

const createParts = (options: AktoolsReplayOptions) => {
  const { market, now = Date.now } = options
  const journal = createJournal()
  const held = createHeldBack(market.calendar)
  const evaluator = createEvaluator(market, held.isPublished)
  const faults = createAktoolsFaultPlan(options.faults ?? [], now())
  const calls: CallDeps = { market, journal, faults, evaluator, now }
  const control = { ...calls, held }
  return { calls, journal, control: createControl(control), respond: createAktoolsRespond(control) }
}

type Parts = ReturnType<typeof createParts>

const handleRequest = async (
  { calls }: Parts,
  isLive: boolean,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> => {
  const url = new URL(req.url ?? '/', `http://${req.headers.host ?? 'replay'}`)
  const { authorization } = req.headers
  const body = await readBody(req)
  const route = routeOf({ method: req.method ?? '', url, authorization, body }, calls.market.label)
  if ('reply' in route) return send(req, res, route.reply)
  const { reply, wire, siteMs } = answerCall(calls, route.call, url.search)
  let wait = isLive ? siteMs : 0
  for (const fault of wire) if (fault.kind === 'latency') wait += fault.ms ?? 1000
  if (wait > 0) await calls.faults.wait(wait)
  return send(
    req,
    res,
    reply,
    wire.find(({ kind }) => kind !== 'latency'),
  )
}

/** Starts a server that answers like AKTools over AKShare, from the given market. */
export const startAktoolsReplay = async (options: AktoolsReplayOptions): Promise<AktoolsReplay> => {
  const parts = createParts(options)
  const { host = '127.0.0.1', controlKey = createControlKey() } = options
  const server = createServer(HTTP_OPTIONS, (req, res) => {
    const done =
      req.url?.startsWith('/__replay/') === true
        ? answerControl(parts.respond, controlKey, req, res)
        : handleRequest(parts, options.latency === 'live', req, res)
    // The client went away in the middle: nobody is left to tell.
    done.catch(() => res.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    controlKey,
    requests: (since) => parts.journal.stats(since),
    control: parts.control,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // A hanging answer (a fault) must not keep the process alive.
        server.closeAllConnections()
      }),
  }
}
