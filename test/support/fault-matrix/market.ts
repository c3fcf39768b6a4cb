import { createCalendar } from '../../../local/replay/calendar.ts'
import type { ReplayMarket } from '../../../local/replay/market.ts'
import { createSandboxMarket } from '../../../local/replay/sandbox/market.ts'
import { BarSeries, FactorRuns } from '../../../local/replay/series.ts'
import { createTruth } from '../../../local/replay/truth.ts'

// More stocks than a snapshot of the market costs requests, so that AKShare is asked for one; delisted ones on two
// exchanges, and a day without trading of 600000.SH in the last two months.
const SANDBOX = { stocks: 66, years: 2, seed: 2 } as const

/**
 * The sandbox market with a calendar that begins where its stocks do. Every run brings the calendar and every batch reads it:
 * 35 years of it are most of the work of a run over two months.
 */
export function createShortMarket(): ReplayMarket {
  const whole = createSandboxMarket(SANDBOX)
  const cut = whole.firstSession
  const begin = whole.calendar.sessions[cut] ?? ''
  const days = whole.calendar.days.filter(({ date }) => date >= begin)
  const core = {
    ...whole,
    calendar: createCalendar(days.map((day, i) => (i === 0 ? { ...day, previousSession: null } : day))),
    firstSession: 0,
    lastSession: whole.lastSession - cut,
    bars: remembered((id) => barsFrom(whole.bars(id), cut)),
    factors: remembered((id) => factorsFrom(whole.factors(id), cut)),
    suspensions: (id: number) =>
      whole.suspensions(id).map((each) => ({ ...each, from: each.from - cut, to: each.to - cut })),
  }
  return Object.assign(core, createTruth(core))
}

function remembered<T>(make: (id: number) => T): (id: number) => T {
  const known = new Map<number, T>()
  return (id) => {
    const made = known.get(id) ?? make(id)
    known.set(id, made)
    return made
  }
}

function barsFrom({ first, count, words }: BarSeries, cut: number): BarSeries {
  const moved = new BarSeries(first - cut, count)
  moved.words.set(words)
  return moved
}

const factorsFrom = ({ from, to, values }: FactorRuns, cut: number): FactorRuns =>
  new FactorRuns(
    from.map((session) => session - cut),
    to.map((session) => session - cut),
    values,
  )
