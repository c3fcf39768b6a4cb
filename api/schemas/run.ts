import { z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import type { BatchView, RunView } from '../../db/queries/run-views.ts'
import { PERIODS } from '../../market/datasets.ts'
import { comparesSources, type Job } from '../../market/jobs.ts'
import type { RunParams } from '../../market/run-params.ts'
import { RUN_PHASES, type RunPhase, type RunState } from '../../workflows/contract/status.ts'
import { etaOf, percentOf } from '../runs/progress.ts'
import {
  count,
  dateInput,
  datasetName,
  instant,
  jobName,
  runState,
  sourceMode,
  sourceName,
  symbolsInput,
  tradeDate,
  want,
} from './common.ts'

/** What a run may be asked for. */
export const runParams = z
  .strictObject({
    symbols: symbolsInput.optional(),
    start_date: dateInput.optional(),
    end_date: dateInput.optional(),
    preferred_sources: z
      .array(sourceName)
      .max(10)
      .optional()
      .openapi({ example: ['tushare'] }),
    source_mode: sourceMode.optional(),
    want: want.optional(),
    refresh: z.boolean().optional().openapi({ description: 'Ask again for what is covered already' }),
    periods: z
      .array(z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`))
      .min(1)
      .max(3)
      .optional()
      .openapi({
        description: 'Bars that are wanted; weeks and months are made of the days, which come in any case',
        example: ['daily', 'weekly'],
      }),
    days_back: z.int().min(1).max(3_660).optional().openapi({
      description: 'daily_incremental, finance_incremental: days to look back instead of finding them',
      example: 7,
    }),
    recheck: z.int().min(0).max(250).optional().openapi({
      description: 'Sessions before the newest one that are read again, since upstreams correct young values',
      example: 5,
    }),
    recheck_share: z
      .boolean()
      .optional()
      .openapi({ description: 'Read a twentieth of the stocks again, another one each month' }),
    check_vendor: z
      .boolean()
      .optional()
      .openapi({ description: "weekly, monthly: compare with the upstream's own rows" }),
  })
  .refine((p) => !p.start_date || !p.end_date || p.start_date <= p.end_date, {
    path: ['end_date'],
    message: 'lies before start_date',
  })
  .openapi('RunParams')

// Elsewhere they would mean nothing.
const OF_SOME_JOBS: { days_back: readonly Job[]; check_vendor: readonly Job[] } = {
  days_back: ['daily_incremental', 'finance_incremental'],
  check_vendor: ['weekly', 'monthly'],
}

export const jobRequest = z
  .strictObject({ job: jobName, params: runParams.default({}) })
  .refine(({ job, params }) => job !== 'stock_list' || !hasRegion(params), {
    path: ['params'],
    message: 'stock_list brings the whole list: leave out symbols and dates, or ask for daily_history',
  })
  .check((context) => {
    const { job, params } = context.value
    for (const [field, jobs] of Object.entries(OF_SOME_JOBS)) {
      if (params[field as 'days_back' | 'check_vendor'] === undefined || jobs.includes(job)) continue
      const message = `only ${jobs.join(' and ')} take it: leave it out`
      context.issues.push({ code: 'custom', path: ['params', field], message, input: context.value })
    }
  })
  .refine(({ job, params: { source_mode: mode } }) => !comparesSources(job) || (mode ?? 'all') === 'all', {
    path: ['params', 'source_mode'],
    message: 'this job asks every source for everything: leave it out',
  })
  .openapi('JobRequest')

/** How long a forced start waits for the end of the run that it takes the place of. */
export const FORCE_LIMIT_SECONDS = 30

/** A job that is to start. */
export const startRequest = jobRequest
  .safeExtend({
    force: z
      .boolean()
      .default(false)
      .openapi({
        description: `Cancel the run that is under way, wait up to ${FORCE_LIMIT_SECONDS} s for its end, then start`,
        example: false,
      }),
  })
  .openapi('StartRequest')

/** Parameters as they are stored: what was left out is absent. */
export const toRunParams = (p: z.output<typeof runParams>): RunParams => ({
  ...(p.symbols && { symbols: p.symbols }),
  ...(p.start_date && { start_date: p.start_date }),
  ...(p.end_date && { end_date: p.end_date }),
  ...(p.preferred_sources && { preferred_sources: p.preferred_sources }),
  ...(p.source_mode && { source_mode: p.source_mode }),
  ...(p.want && { want: p.want }),
  ...(p.refresh && { refresh: true }),
  ...(p.periods && { periods: p.periods }),
  ...(p.days_back && { days_back: p.days_back }),
  ...(p.recheck && { recheck: p.recheck }),
  ...(p.recheck_share && { recheck_share: true }),
  ...(p.check_vendor && { check_vendor: true }),
})

const hasRegion = (p: z.output<typeof runParams>): boolean =>
  p.symbols !== undefined || p.start_date !== undefined || p.end_date !== undefined

export const run = z
  .object({
    id: z.string().openapi({ format: 'uuid', example: '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90' }),
    job: z.string().openapi({ example: 'daily_history' }),
    status: runState,
    phase: z.enum(RUN_PHASES).nullable().openapi({
      description:
        'What it does while its status is `running`; null before it has begun, and in any other status',
      example: 'syncing',
    }),
    params: z.record(z.string(), z.unknown()).openapi({ example: { start_date: '2025-01-02' } }),
    message: z.string().nullable().openapi({ description: 'Why it ended so and what to do', example: null }),
    created_at: instant,
    started_at: instant.nullable(),
    finished_at: instant.nullable(),
    updated_at: instant,
    percent: z.number().min(0).max(100).openapi({ example: 42.1 }),
    eta_seconds: count.nullable().openapi({
      description: 'Until all cells are there, at the rate since the last pause; null when nobody can say',
      example: 95,
    }),
    total: count.openapi({ description: 'Symbols that the run is about' }),
    done: count.openapi({ description: 'Symbols of which nothing is open any more' }),
    inserted: count,
    updated: count,
    unchanged: count,
    rejected: count.openapi({ description: 'Rows in quarantine' }),
    errors: count.openapi({ description: 'Open failures' }),
    calls: count.openapi({ description: 'Requests sent upstream, pages included' }),
    cells_total: count,
    cells_done: count,
    batches_total: count,
    batches_done: count,
    last_trade_date: tradeDate.nullable(),
    verification: z.record(z.string(), z.unknown()).nullable().openapi({ example: null }),
    workflow_id: z.string().openapi({ example: 'sync/0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90' }),
    request_id: z.string().nullable(),
  })
  .openapi('Run')

export type Run = z.output<typeof run>

const iso = (value: string): string => toIso(value) ?? value

/** A row → the resource; `rate` is the present number of cells a second. */
export function toRun(view: RunView, rate: number | null): Run {
  return {
    ...view,
    status: view.status as RunState,
    phase: view.status === 'running' ? (view.phase as RunPhase | null) : null,
    created_at: iso(view.created_at),
    started_at: toIso(view.started_at),
    finished_at: toIso(view.finished_at),
    updated_at: iso(view.updated_at),
    percent: percentOf(view),
    eta_seconds: etaOf(view, rate),
  }
}

export const batch = z
  .object({
    seq: count,
    stage: count,
    dataset: datasetName,
    state: z
      .enum(['pending', 'running', 'done', 'failed', 'skipped', 'split'])
      .openapi({ description: '`split`: its children stand in its place' }),
    source: z.string().nullable().openapi({ example: 'tushare' }),
    calls_planned: count,
    cursor: count.openapi({ description: 'Calls that are committed' }),
    calls: count,
    inserted: count,
    updated: count,
    unchanged: count,
    rejected: count,
    cells_total: count,
    cells_done: count,
    symbols: count.nullable().openapi({ description: 'null: the whole market' }),
    from_date: tradeDate.nullable(),
    to_date: tradeDate.nullable(),
    parent_seq: count.nullable(),
    error_class: z.string().nullable(),
    message: z.string().nullable(),
    started_at: instant.nullable(),
    finished_at: instant.nullable(),
  })
  .openapi('Batch')

/** A row → the resource. */
export const toBatch = (view: BatchView): z.output<typeof batch> => ({
  ...view,
  dataset: view.dataset as z.output<typeof datasetName>,
  state: view.state as z.output<typeof batch>['state'],
  started_at: toIso(view.started_at),
  finished_at: toIso(view.finished_at),
})
