import { z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { recentRate, type RunView } from '../../db/queries/run-views.ts'
import { sourceErrors, sourceStats } from '../../db/queries/runs.ts'
import { toCompact } from '../../market/date.ts'
import type { ApiDeps } from '../deps.ts'
import { count, instant } from '../schemas/common.ts'
import { etaOf, percentOf } from './progress.ts'

/* A run as the seeds show it. */

// The words of the seeds, and `paused`, `cancelled`, `terminated`. A run that waits to start or to go on is under way.
const SEED_STATES = [
  'idle',
  'running',
  'paused',
  'success',
  'success_with_errors',
  'failed',
  'cancelled',
  'terminated',
] as const
type SeedState = (typeof SEED_STATES)[number]

/** Fields of the seeds, then ours. */
export const seedStatus = z.object({
  job: z.string().nullable(),
  status: z.enum(SEED_STATES),
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  total: count.openapi({ description: 'Symbols' }),
  inserted: count,
  updated: count,
  errors: count.openapi({ description: 'Open failures' }),
  last_trade_date: z.string().nullable().openapi({ description: 'YYYYMMDD', example: '20261120' }),
  data_sources_used: z.array(z.string()).openapi({ example: ['stock_list:tushare'] }),
  source_stats: z
    .record(z.string(), z.object({ inserted: count, updated: count, unchanged: count, errors: count }))
    .openapi({ example: { tushare: { inserted: 5400, updated: 12, unchanged: 0, errors: 0 } } }),
  job_id: z.string().nullable(),
  paused: z.boolean(),
  percent: z.number().min(0).max(100),
  eta_seconds: count.nullable(),
  calls_used: count,
  state: z
    .string()
    .openapi({ description: 'The exact state; `pending` and `waiting` are `running` in `status`' }),
  message: z.string().nullable(),
  data_type: z
    .string()
    .nullable()
    .openapi({ description: 'The job: what tells the status of one from another' }),
})

export type SeedStatus = z.output<typeof seedStatus>

/** Where nothing ever ran. */
export const IDLE: SeedStatus = {
  job: null,
  status: 'idle',
  started_at: null,
  finished_at: null,
  total: 0,
  inserted: 0,
  updated: 0,
  errors: 0,
  last_trade_date: null,
  data_sources_used: [],
  source_stats: {},
  job_id: null,
  paused: false,
  percent: 0,
  eta_seconds: null,
  calls_used: 0,
  state: 'idle',
  message: null,
  data_type: null,
}

type SourceStats = SeedStatus['source_stats']

/** What each source brought, and how many failures it left open. */
async function sourcesOf(deps: ApiDeps, runId: string): Promise<{ used: string[]; stats: SourceStats }> {
  const { sql } = deps.db
  const rows = await sourceStats(sql, runId)
  const stats: SourceStats = {}
  const statOf = (source: string) => (stats[source] ??= { inserted: 0, updated: 0, unchanged: 0, errors: 0 })
  for (const { source, inserted, updated, unchanged } of rows) {
    const sum = statOf(source)
    sum.inserted += inserted
    sum.updated += updated
    sum.unchanged += unchanged
  }
  for (const { source, errors } of await sourceErrors(sql, runId)) statOf(source).errors = errors
  return { used: rows.map(({ dataset, source }) => `${dataset}:${source}`), stats }
}

/** The status of a run. */
export async function statusOf(deps: ApiDeps, view: RunView): Promise<SeedStatus> {
  const { used, stats } = await sourcesOf(deps, view.id)
  const underWay = view.status === 'pending' || view.status === 'waiting'
  const rate = view.status === 'running' ? await recentRate(deps.db.sql, view.id) : null
  return {
    job: view.job,
    status: underWay ? 'running' : (view.status as SeedState),
    started_at: toIso(view.started_at ?? view.created_at),
    finished_at: toIso(view.finished_at),
    total: view.total,
    inserted: view.inserted,
    updated: view.updated,
    errors: view.errors,
    last_trade_date: view.last_trade_date === null ? null : toCompact(view.last_trade_date),
    data_sources_used: used,
    source_stats: stats,
    job_id: view.id,
    paused: view.status === 'paused',
    percent: percentOf(view),
    eta_seconds: etaOf(view, rate),
    calls_used: view.calls,
    state: view.status,
    message: view.message,
    data_type: view.job,
  }
}
