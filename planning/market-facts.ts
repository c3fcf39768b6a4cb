import type { SessionCalendar } from '../market/calendar.ts'
import type { Capability } from '../market/capability.ts'
import { addDays, shanghaiClock, type TradeDate } from '../market/date.ts'
import type { RunParams } from '../market/run-params.ts'
import type { DateRange, PlanInstrument } from './types.ts'

/** Market facts that planning and every batch need. */
export interface MarketFacts {
  calendar: SessionCalendar
  /** The universe: what lists name. */
  instruments: PlanInstrument[]
  /** Stubs as well: they are fetched when they are asked for, but nobody knows which cells they should have. */
  byId: ReadonlyMap<number, PlanInstrument>
  bySymbol: ReadonlyMap<string, PlanInstrument>
  /** Instruments listed on the session at a position. */
  marketRows: (position: number) => number
}

const SUFFIX = { SSE: '.SH', SZSE: '.SZ', BSE: '.BJ' } as const

/** The market as a source sees it: without the exchanges that it does not serve. */
export function marketFacts(
  calendar: SessionCalendar,
  all: readonly (PlanInstrument & { stub: boolean })[],
  capability: Capability,
): MarketFacts {
  const served = all.filter((i) => capability.exchanges.some((e) => i.symbol.endsWith(SUFFIX[e])))
  const instruments = served.filter((i) => !i.stub)
  return {
    calendar,
    instruments,
    byId: new Map(served.map((i) => [i.id, i])),
    bySymbol: new Map(served.map((i) => [i.symbol, i])),
    marketRows: listedCounts(instruments, calendar),
  }
}

function listedCounts(
  instruments: readonly PlanInstrument[],
  calendar: SessionCalendar,
): (position: number) => number {
  const steps = new Int32Array(calendar.length + 1)
  for (const { listDate, delistDate } of instruments) {
    const first = listDate === null ? 0 : calendar.firstAtOrAfter(listDate)
    const end = delistDate === null ? calendar.length : calendar.firstAtOrAfter(delistDate)
    if (first >= end) continue
    steps[first] = (steps[first] ?? 0) + 1
    steps[end] = (steps[end] ?? 0) - 1
  }
  for (let i = 1; i <= calendar.length; i++) steps[i] = (steps[i] ?? 0) + (steps[i - 1] ?? 0)
  return (position) => steps[position] ?? 0
}

/**
 * The dates that a run is about: from its start (or the history's) to its end, but never past the newest session whose
 * data is ready. Null when nothing is due.
 */
export function dueDates(
  now: Date,
  historyStart: TradeDate,
  params: RunParams,
  capability: Capability,
  calendar: SessionCalendar,
): DateRange | null {
  const clock = shanghaiClock(now)
  const ready = clock.time >= capability.readyTime ? clock.date : addDays(clock.date, -1)
  const last = calendar.lastAtOrBefore(params.end_date && params.end_date < ready ? params.end_date : ready)
  const wantedFrom = params.start_date ?? historyStart
  const from = wantedFrom > capability.historyStart ? wantedFrom : capability.historyStart
  if (last < 0 || calendar.at(last) < from) return null
  return { from, to: calendar.at(last) }
}
