import type { Respond } from '../control-server.ts'
import { changeMarket, createRespond, setFaults } from '../control.ts'
import type { ControlDeps, MarketChange } from '../control.ts'
import type { Evaluator } from './evaluate.ts'
import type { AktoolsFault, AktoolsFaultState } from './faults.ts'

/** What tests and the demo do to a running server. */
export interface AktoolsControl {
  /** Replaces all faults. Throws on a kind that does not exist. */
  readonly setFaults: (faults: readonly AktoolsFault[]) => readonly AktoolsFaultState[]
  readonly faults: () => readonly AktoolsFaultState[]
  /** Moves today, corrects bars, holds a part of a day back; says how the market stands then. */
  readonly changeMarket: (change: MarketChange) => ReturnType<typeof changeMarket>
  /** A new AKTools process: the lists that it keeps are read anew. Bans stay, they are the sites' own. */
  readonly restart: () => void
}

export interface AktoolsControlDeps extends ControlDeps<AktoolsFault, AktoolsFaultState> {
  readonly evaluator: Evaluator
}

export const createControl = (deps: AktoolsControlDeps): AktoolsControl => ({
  setFaults: (list) => setFaults(deps, list),
  faults: deps.faults.state,
  changeMarket: (change) => changeMarket(deps, change),
  restart: deps.evaluator.restart,
})

/** What `/__replay/` does: what all upstreams have, and `POST /__replay/restart`. */
export const createAktoolsRespond = (deps: AktoolsControlDeps): Respond => {
  const shared = createRespond(deps)
  return (method, url, body) => {
    if (`${method} ${url.pathname}` !== 'POST /__replay/restart') return shared(method, url, body)
    deps.evaluator.restart()
    return changeMarket(deps, {})
  }
}
