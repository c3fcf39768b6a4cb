import { changeMarket } from '../control.ts'
import type { ControlDeps, MarketChange } from '../control.ts'
import type { Evaluator } from './evaluate.ts'
import type { AktoolsFault, AktoolsFaultPlan, AktoolsFaultState } from './faults.ts'

type MarketState = ReturnType<typeof changeMarket>

/** What tests and the demo do to a running server. */
export interface AktoolsControl {
  /** Replaces all faults. Throws on a kind that does not exist. */
  readonly setFaults: (faults: readonly AktoolsFault[]) => readonly AktoolsFaultState[]
  readonly faults: () => readonly AktoolsFaultState[]
  /** Moves today, corrects bars, holds a part of a day back; says how the market stands then. */
  readonly changeMarket: (change: MarketChange) => MarketState
  /** A new AKTools process: the lists that it keeps are read anew. Bans stay, they are the sites' own. */
  readonly restart: () => void
}

export interface AktoolsControlDeps {
  readonly shared: ControlDeps
  readonly faults: AktoolsFaultPlan
  readonly evaluator: Evaluator
}

export const createControl = ({ shared, faults, evaluator }: AktoolsControlDeps): AktoolsControl => ({
  setFaults: (list) => {
    faults.set(list, shared.now())
    return faults.state()
  },
  faults: faults.state,
  changeMarket: (change) => changeMarket(shared, change),
  restart: evaluator.restart,
})

/** Answers a request below `/__replay/` with something to send as JSON; undefined: no such endpoint. Throws on bad input. */
export const answerControl = (
  control: AktoolsControl,
  { journal }: Pick<ControlDeps, 'journal'>,
  method: string,
  url: URL,
  body: string,
): unknown => {
  const input = body === '' ? {} : (JSON.parse(body) as MarketChange & { faults?: readonly AktoolsFault[] })
  switch (`${method} ${url.pathname}`) {
    case 'GET /__replay/stats':
      return { ...journal.stats(Number(url.searchParams.get('since') ?? 0)), faults: control.faults() }
    case 'GET /__replay/market':
      return control.changeMarket({})
    case 'POST /__replay/faults':
      return control.setFaults(input.faults ?? [])
    case 'POST /__replay/market':
      return control.changeMarket(input)
    case 'POST /__replay/restart':
      control.restart()
      return control.changeMarket({})
    default:
      return undefined
  }
}
