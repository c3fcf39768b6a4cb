import { z } from '@hono/zod-openapi'
import type { BudgetView } from '../../db/queries/budgets.ts'
import type { Capability } from '../../market/capability.ts'
import { type Dataset, DATASET_NAMES } from '../../market/datasets.ts'
import type { SiteView, SourceView } from '../source/view.ts'
import { count, datasetName, instant, tradeDate } from './common.ts'

/** Epoch milliseconds → ISO 8601. */
export const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
const isoAt = (ms: number): string => new Date(ms).toISOString()

export const latency = z.number().min(0).nullable().openapi({ description: 'Milliseconds', example: 84 })
const share = z.number().min(0).max(1).openapi({ description: 'The newest count most', example: 0.02 })

const window = z.object({
  used: count,
  limit: count.nullable().openapi({ description: 'null: none' }),
  left: count.nullable(),
})

export const budget = z
  .object({
    budget: z.string().openapi({
      description: 'What calls are counted in: an interface of Tushare, a site of AKShare, all of BaoStock',
      example: 'daily',
    }),
    calls_per_minute: z.number().nullable().openapi({ description: 'The pace; null: none', example: 485 }),
    hour: window,
    day: window.openapi({ description: 'Of Shanghai' }),
    total_calls: count,
    learned: z.boolean().openapi({ description: 'The upstream has named a limit within the last day' }),
    next_slot_at: instant.nullable().openapi({ description: 'null: at once' }),
    blocked: z
      .object({ until: instant, reason: z.string() })
      .nullable()
      .openapi({ description: 'It refused calls for their rate' }),
    denied: z
      .object({ since: instant, until: instant, message: z.string() })
      .nullable()
      .openapi({ description: 'The account may not call it; asked again after `until`' }),
  })
  .openapi('SourceBudget')

/** A budget as of a moment of the database's clock. */
export const toBudget = (view: BudgetView, nowMs: number): z.output<typeof budget> => ({
  budget: view.budget,
  calls_per_minute: view.callsPerMinute === null ? null : Number(view.callsPerMinute.toFixed(2)),
  hour: view.hour,
  day: view.day,
  total_calls: view.totalCalls,
  learned: view.learned,
  next_slot_at: view.nextSlotMs > nowMs ? isoAt(view.nextSlotMs) : null,
  blocked: view.blocked && { until: isoAt(view.blocked.untilMs), reason: view.blocked.reason },
  denied: view.denied && {
    since: isoAt(view.denied.sinceMs),
    until: isoAt(view.denied.untilMs),
    message: view.denied.message,
  },
})

export const siteState = z.object({
  site: z.string().openapi({ description: 'Up or down as one', example: 'server' }),
  state: z
    .enum(['up', 'resting', 'half_open'])
    .openapi({ description: '`half_open`: its rest is over, and the next request decides' }),
  resting_until: instant.nullable(),
  failures: count.openapi({ description: 'In a row; 0 while it is up' }),
  error_class: z
    .string()
    .nullable()
    .openapi({ description: 'Of its last trouble, also when that is over', example: null }),
  reason: z.string().nullable().openapi({ example: null }),
  latency_ms: latency,
  error_rate: share,
  reject_rate: share,
  last_success_at: instant.nullable(),
})

/** What is known of a site → the resource. */
export const toSite = ({ site, state, restingUntilMs, health }: SiteView): z.output<typeof siteState> => ({
  site,
  state,
  resting_until: isoOf(restingUntilMs),
  failures: health?.failures ?? 0,
  error_class: health?.errorClass ?? null,
  reason: health?.reason ?? null,
  latency_ms: roundLatency(health?.latencyMs ?? null),
  error_rate: health?.errorRate ?? 0,
  reject_rate: health?.rejectRate ?? 0,
  last_success_at: isoOf(health?.lastSuccessAtMs ?? null),
})

export const roundLatency = (ms: number | null): number | null => (ms === null ? null : Math.round(ms))

export const capability = z.object({
  dataset: datasetName,
  api: z.string().openapi({ example: 'daily' }),
  site: z.string(),
  budget: z.string(),
  exchanges: z.array(z.string()).openapi({ example: ['SSE', 'SZSE', 'BSE'] }),
  history_start: tradeDate,
  ready_time: z
    .string()
    .openapi({ description: 'Of Shanghai; before it a session is not asked', example: '17:00' }),
  by_symbols: z
    .object({ max_symbols: count, row_cap: count })
    .nullable()
    .openapi({ description: 'One call for several symbols over a range of dates; null: it cannot' }),
  by_date: z
    .object({ max_dates: count, row_cap: count, reach: z.enum(['history', 'newest', 'sampled']) })
    .nullable()
    .openapi({
      description:
        'One call for the whole market of a date. `newest`: only of the last session; `sampled`: as far back as a few sample calls find it',
    }),
  sparse: z.boolean().openapi({ description: 'Rows only where a value changes' }),
  rides_on: datasetName.nullable().openapi({ description: 'Comes with the answers of that dataset' }),
})

/** What a source can do for a dataset → the resource. */
export const toCapability = (dataset: Dataset, own: Capability): z.output<typeof capability> => ({
  dataset,
  api: own.api,
  site: own.site,
  budget: own.budget,
  exchanges: [...own.exchanges],
  history_start: own.historyStart,
  ready_time: own.readyTime,
  by_symbols: own.bySymbols && { max_symbols: own.bySymbols.maxSymbols, row_cap: own.bySymbols.rowCap },
  by_date: own.byDate && {
    max_dates: own.byDate.maxDates,
    row_cap: own.byDate.rowCap,
    reach: own.byDate.reach,
  },
  sparse: own.sparse ?? false,
  rides_on: own.ridesOn ?? null,
})

export const permission = z
  .object({
    dataset: datasetName,
    api: z.string().openapi({ example: 'daily' }),
    allowed: z
      .boolean()
      .nullable()
      .openapi({ description: 'null: not known, since it was never asked', example: true }),
    message: z.string().nullable().openapi({ description: 'The refusal', example: null }),
  })
  .openapi('SourcePermission')

/** What the account may call, as far as it was asked. */
export const toPermissions = ({ capabilities, budgets, denied }: SourceView): z.output<typeof permission>[] =>
  DATASET_NAMES.flatMap((dataset) => {
    const own = capabilities[dataset]
    if (!own) return []
    const message = denied.get(own.api) ?? null
    const wasAsked = budgets.some(({ budget, totalCalls }) => budget === own.budget && totalCalls > 0)
    const allowed = message !== null ? false : wasAsked ? true : null
    return [{ dataset, api: own.api, allowed, message }]
  })
