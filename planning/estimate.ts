import type { SessionCalendar } from '../market/calendar.ts'
import { requestsOf } from './market-calls.ts'
import type { MarketRows } from './market-facts.ts'
import { sizeOf, spanOf } from './spans.ts'
import type { DateRange, PlannedBatch, ResolvedCapability } from './types.ts'

/** One dataset's part of a plan and what its upstream interface grants. */
export interface PlanPart {
  api: string
  /** What its calls are counted in; other interfaces may be counted in it as well. */
  budget: string
  batches: readonly Pick<PlannedBatch, 'calls' | 'cells'>[]
  /** Rows that one answer can hold at most; null when it is not known, as for lists. */
  largestAnswer: number | null
  callsPerMinute: number
  /** Null when the upstream names no daily limit. */
  callsPerDay: number | null
}

/** What the calls of one api cost. */
export interface ApiEstimate {
  api: string
  calls: number
  cells: number
  /** Fewest calls that could carry these cells: sum(rows) / cap. Null where the cap is not known. */
  lowerBound: number | null
  /** calls / lowerBound; null where there is no bound. */
  ratio: number | null
  minutes: number
  /** Share of a day's quota, 1 = all of it; null without a daily limit. */
  dayShare: number | null
}

export interface PlanEstimate {
  apis: ApiEstimate[]
  calls: number
  cells: number
  /** Budgets run side by side and the slowest decides; apis of one budget wait for each other. */
  minutes: number
}

/** Cost of a plan before it runs. */
export function estimatePlan(parts: readonly PlanPart[]): PlanEstimate {
  const apis = [...groupBy(parts, (part) => part.api)].map(([api, own]) => estimateApi(api, own))
  const budgets = [...groupBy(parts, (part) => part.budget).values()]
  return {
    apis,
    calls: sum(apis.map((api) => api.calls)),
    cells: sum(apis.map((api) => api.cells)),
    minutes: Math.max(0, ...budgets.map(minutesOf)),
  }
}

function groupBy(parts: readonly PlanPart[], keyOf: (part: PlanPart) => string): Map<string, PlanPart[]> {
  const groups = new Map<string, PlanPart[]>()
  for (const part of parts) groups.set(keyOf(part), [...(groups.get(keyOf(part)) ?? []), part])
  return groups
}

const callsOf = (parts: readonly PlanPart[]): number =>
  sum(parts.flatMap((part) => part.batches.map((batch) => batch.calls)))

const DAY_MINUTES = 24 * 60

/** Of parts with one pace. What is over a day's quota waits for the next day. */
function minutesOf(parts: readonly PlanPart[]): number {
  const calls = callsOf(parts)
  const perMinute = Math.min(...parts.map((part) => part.callsPerMinute))
  const perDay = Math.min(...parts.flatMap((part) => part.callsPerDay ?? []))
  const daysBefore = calls > perDay ? Math.ceil(calls / perDay) - 1 : 0
  const onLastDay = daysBefore === 0 ? calls : calls - daysBefore * perDay
  return Math.max(calls / perMinute, daysBefore * DAY_MINUTES + onLastDay / perMinute)
}

function estimateApi(api: string, parts: readonly PlanPart[]): ApiEstimate {
  const calls = callsOf(parts)
  const cells = sum(parts.flatMap((part) => part.batches.map((batch) => batch.cells)))
  const bounds = parts.map(lowerBoundOf)
  const lowerBound = bounds.every((bound) => bound !== null) ? sum(bounds) : null
  const days = parts.flatMap((part) => part.callsPerDay ?? [])
  return {
    api,
    calls,
    cells,
    lowerBound,
    ratio: lowerBound ? calls / lowerBound : null,
    minutes: minutesOf(parts),
    dayShare: days.length > 0 ? calls / Math.min(...days) : null,
  }
}

function lowerBoundOf({ batches, largestAnswer }: PlanPart): number | null {
  const cells = sum(batches.map((batch) => batch.cells))
  if (cells === 0) return 0
  return largestAnswer === null ? null : requestsOf(cells, largestAnswer)
}

/** Rows that one request can bring at most within a range of dates; null where nobody knows how many come. */
export function largestAnswer(options: {
  capability: ResolvedCapability
  range: DateRange
  calendar: SessionCalendar
  marketRows: MarketRows
}): number | null {
  const { capability, range, calendar, marketRows } = options
  const { bySymbols, byDate, exchanges, sparse } = capability
  if (sparse) return null
  const span = spanOf(range, calendar)
  const listed = marketRows(span.end - 1, exchanges)
  const ofSymbols = bySymbols ? Math.min(bySymbols.rowCap, bySymbols.maxSymbols * sizeOf([span])) : 0
  const ofDates = byDate ? Math.min(byDate.rowCap, byDate.maxDates * listed) / (byDate.cost ?? 1) : 0
  return Math.max(ofSymbols, Math.floor(ofDates)) || null
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
