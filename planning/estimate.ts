import { requestsOf } from './market-calls.ts'
import type { PlannedBatch } from './types.ts'

/** One dataset's part of a plan and what its upstream interface grants. */
export interface PlanPart {
  api: string
  batches: readonly Pick<PlannedBatch, 'calls' | 'cells'>[]
  /** Rows of one answer; null when it is not known, as for lists. */
  rowCap: number | null
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
  /** Budgets are kept per api, so that apis run side by side and the slowest decides. */
  minutes: number
}

/** Cost of a plan before it runs. Parts of the same api share its budget. */
export function estimatePlan(parts: readonly PlanPart[]): PlanEstimate {
  const byApi = new Map<string, PlanPart[]>()
  for (const part of parts) byApi.set(part.api, [...(byApi.get(part.api) ?? []), part])
  const apis = [...byApi].map(([api, own]) => estimateApi(api, own))
  return {
    apis,
    calls: sum(apis.map((api) => api.calls)),
    cells: sum(apis.map((api) => api.cells)),
    minutes: Math.max(0, ...apis.map((api) => api.minutes)),
  }
}

function estimateApi(api: string, parts: readonly PlanPart[]): ApiEstimate {
  const calls = sum(parts.flatMap((part) => part.batches.map((batch) => batch.calls)))
  const cells = sum(parts.flatMap((part) => part.batches.map((batch) => batch.cells)))
  const bounds = parts.map(lowerBoundOf)
  const lowerBound = bounds.every((bound) => bound !== null) ? sum(bounds) : null
  const callsPerMinute = Math.min(...parts.map((part) => part.callsPerMinute))
  const days = parts.flatMap((part) => part.callsPerDay ?? [])
  return {
    api,
    calls,
    cells,
    lowerBound,
    ratio: lowerBound ? calls / lowerBound : null,
    minutes: calls / callsPerMinute,
    dayShare: days.length > 0 ? calls / Math.min(...days) : null,
  }
}

function lowerBoundOf({ batches, rowCap }: PlanPart): number | null {
  const cells = sum(batches.map((batch) => batch.cells))
  if (cells === 0) return 0
  return rowCap === null ? null : requestsOf(cells, rowCap)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
