import type { Respond } from './control-server.ts'
import type { Fault } from './faults.ts'
import type { BarPatch, ReplayMarket } from './market.ts'
import type { HeldBack } from './held-back.ts'
import type { Journal } from './journal.ts'

/** Faults as an upstream keeps them; `set` throws on a kind that it cannot play. */
export interface Faults<F, S> {
  readonly set: (faults: readonly F[], now: number) => void
  readonly state: () => readonly S[]
}

export interface ControlDeps<F = Fault, S = unknown> {
  readonly market: ReplayMarket
  readonly journal: Journal
  readonly faults: Faults<F, S>
  readonly held: HeldBack
  readonly now: () => number
  /** What only this upstream has to tell; part of the stats. */
  readonly more?: () => object
}

/** What `POST /__replay/market` may change. Dates `YYYYMMDD`. */
export interface MarketChange {
  readonly today?: string
  readonly correct?: readonly ({ readonly code: string; readonly date: string } & BarPatch)[]
  /** Shows only `percent` of the day's rows until it is held at 100. */
  readonly hold?: { readonly date: string; readonly percent: number }
}

const describe = ({ market, held }: Pick<ControlDeps, 'market' | 'held'>) => ({
  label: market.label,
  instruments: market.instruments.length,
  first: market.calendar.sessions[market.firstSession],
  today: market.calendar.sessions[market.lastSession],
  held: held.state(),
})

/** Changes the market or what of it is published, and says how it stands then. */
export const changeMarket = (deps: Pick<ControlDeps, 'market' | 'held'>, change: MarketChange) => {
  if (change.today !== undefined) deps.market.setToday(change.today)
  for (const { code, date, ...patch } of change.correct ?? []) deps.market.correct(code, date, patch)
  if (change.hold !== undefined) deps.held.hold(change.hold.date, change.hold.percent)
  return describe(deps)
}

/** Replaces the faults; throws on a kind that does not exist. */
export const setFaults = <F, S>(deps: ControlDeps<F, S>, faults: readonly F[]): readonly S[] => {
  deps.faults.set(faults, deps.now())
  return deps.faults.state()
}

/** What `/__replay/` does, for a control server. */
export const createRespond =
  <F, S>(deps: ControlDeps<F, S>): Respond =>
  (method, url, body) => {
    const input = body === '' ? {} : (JSON.parse(body) as MarketChange & { faults?: readonly F[] })
    switch (`${method} ${url.pathname}`) {
      case 'GET /__replay/stats':
        return {
          ...deps.journal.stats(Number(url.searchParams.get('since') ?? 0)),
          faults: deps.faults.state(),
          ...deps.more?.(),
        }
      case 'GET /__replay/market':
        return describe(deps)
      case 'POST /__replay/faults':
        return setFaults(deps, input.faults ?? [])
      case 'POST /__replay/market':
        return changeMarket(deps, input)
      default:
        return undefined
    }
  }
