import type { SessionCalendar } from '../market/calendar.ts'
import type { Capability } from '../market/capability.ts'
import { addDays, shanghaiClock, type TradeDate } from '../market/date.ts'
import type { RunParams } from '../market/run-params.ts'
import type { Exchange } from '../market/symbol.ts'
import { ALL_EXCHANGES, ofExchanges } from './exchanges.ts'
import { lifeOf } from './spans.ts'
import type { ByDate, DateRange, PlanInstrument, ResolvedCapability } from './types.ts'

/** Market facts that planning and every batch need, whoever serves them. */
export interface MarketFacts {
  calendar: SessionCalendar
  /** The universe: what lists name. */
  instruments: readonly PlanInstrument[]
  /** Stubs as well: they are fetched when they are asked for, but nobody knows which cells they should have. */
  byId: ReadonlyMap<number, PlanInstrument>
  bySymbol: ReadonlyMap<string, PlanInstrument>
  /** The universe of some exchanges. */
  servedBy: (exchanges: readonly Exchange[]) => readonly PlanInstrument[]
  marketRows: MarketRows
}

/** Instruments listed on the session at a position: of some exchanges, or of all where none are named. */
export type MarketRows = (position: number, exchanges?: readonly Exchange[]) => number

/** Facts of a market out of its sessions and `all` instruments, stubs among them. */
export function marketFacts(calendar: SessionCalendar, all: readonly PlanInstrument[]): MarketFacts {
  const instruments = all.filter((instrument) => !instrument.stub)
  const servedBy = (exchanges: readonly Exchange[]) => instruments.filter(ofExchanges(exchanges))
  const counts = new Map(
    ALL_EXCHANGES.map((exchange) => [exchange, listedCounts(servedBy([exchange]), calendar)]),
  )
  return {
    calendar,
    instruments,
    byId: new Map(all.map((instrument) => [instrument.id, instrument])),
    bySymbol: new Map(all.map((instrument) => [instrument.symbol, instrument])),
    servedBy,
    marketRows: (position, exchanges = ALL_EXCHANGES) =>
      exchanges.reduce((sum, exchange) => sum + (counts.get(exchange)?.[position] ?? 0), 0),
  }
}

/** The day on which the first instrument of the universe was listed; null where no list has come, or one lacks a date. */
export function firstListing({ instruments }: Pick<MarketFacts, 'instruments'>): TradeDate | null {
  let first: TradeDate | null = null
  for (const { listDate } of instruments) {
    if (listDate === null) return null
    if (first === null || listDate < first) first = listDate
  }
  return first
}

/** Instruments listed on each session. */
function listedCounts(instruments: readonly PlanInstrument[], calendar: SessionCalendar): Int32Array {
  const steps = new Int32Array(calendar.length + 1)
  for (const instrument of instruments) {
    const { start, end } = lifeOf(instrument, calendar)
    steps[start] = (steps[start] ?? 0) + 1
    steps[end] = (steps[end] ?? 0) - 1
  }
  for (let i = 1; i <= calendar.length; i++) steps[i] = (steps[i] ?? 0) + (steps[i - 1] ?? 0)
  return steps
}

/** The newest session that a source may be asked for; null before the first. */
export function newestReady(
  now: Date,
  { readyTime }: Pick<Capability, 'readyTime'>,
  calendar: SessionCalendar,
): TradeDate | null {
  const clock = shanghaiClock(now)
  const ready = clock.time >= readyTime ? clock.date : addDays(clock.date, -1)
  const last = calendar.lastAtOrBefore(ready)
  return last < 0 ? null : calendar.at(last)
}

// The sites clear their lists before the call auction of 09:15. From then on a snapshot is of a session that is not over.
const SNAPSHOT_ENDS = '08:30'

/** On which dates a source may be asked by date now; null for `byDate` when on none. */
export function resolveCapability(
  capability: Capability,
  facts: {
    now: Date
    calendar: SessionCalendar
    /** The first date of calls whose depth is sampled; null for none, or when nobody has looked. */
    depth: TradeDate | null
  },
): ResolvedCapability {
  const { byDate, ...rest } = capability
  const dates = byDate && byDateRange(capability, byDate.reach, facts)
  if (!byDate || !dates || dates.from > dates.to) return { ...rest, byDate: null }
  const { rowCap, maxDates, cost } = byDate
  const resolved: ByDate = { rowCap, maxDates, ...(cost === undefined ? {} : { cost }), ...dates }
  return { ...rest, byDate: resolved }
}

function byDateRange(
  capability: Capability,
  reach: NonNullable<Capability['byDate']>['reach'],
  { now, calendar, depth }: Parameters<typeof resolveCapability>[1],
): DateRange | null {
  const to = newestReady(now, capability, calendar)
  if (to === null) return null
  const { historyStart } = capability
  switch (reach) {
    case 'history':
      return { from: historyStart, to }
    case 'newest':
      return isSessionUnderWay(now, to, calendar) ? null : { from: to, to }
    case 'sampled':
      return depth === null ? null : { from: depth > historyStart ? depth : historyStart, to }
  }
}

/** True when a session after the newest ready one has begun, or will before a call could be answered. */
function isSessionUnderWay(now: Date, newest: TradeDate, calendar: SessionCalendar): boolean {
  const { date, time } = shanghaiClock(now)
  return date > newest && calendar.isSession(date) && time >= SNAPSHOT_ENDS
}

/**
 * The dates that a run is about: from its start (or the history's) to its end, but never past the newest session whose
 * data is ready. Null when nothing is due.
 */
export function dueDates(
  now: Date,
  historyStart: TradeDate,
  params: RunParams,
  capability: Pick<Capability, 'readyTime' | 'historyStart'>,
  calendar: SessionCalendar,
): DateRange | null {
  const ready = newestReady(now, capability, calendar)
  if (ready === null) return null
  const last = calendar.lastAtOrBefore(params.end_date && params.end_date < ready ? params.end_date : ready)
  const wantedFrom = params.start_date ?? historyStart
  const from = wantedFrom > capability.historyStart ? wantedFrom : capability.historyStart
  if (last < 0 || calendar.at(last) < from) return null
  return { from, to: calendar.at(last) }
}
