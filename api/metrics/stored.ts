import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Sql } from '../../db/client.ts'
import { withoutParameters } from '../../db/errors.ts'
import type { BudgetView } from '../../db/queries/budgets.ts'
import { readFigures, type Figures } from '../../db/queries/figures.ts'

/*
 * What is measured where it is kept: runs, batches, calls, rows, budgets and freshness lie in PostgreSQL, so that any
 * process of the service shows the same figures, also after a restart. They are read when somebody scrapes.
 */

type Labels = Record<string, string>
type Samples = readonly { labels: Labels; value: number }[]

interface StoredMetric {
  name: string
  help: string
  labels: readonly string[]
  of: (figures: Figures & { budgets: readonly BudgetView[] }) => Samples
}

const METRICS: readonly StoredMetric[] = [
  {
    name: 'ashare_sync_runs',
    help: 'Runs that are kept, by job and status',
    labels: ['job', 'status'],
    of: ({ runs }) => runs.map(({ job, status, n }) => ({ labels: { job, status }, value: n })),
  },
  {
    name: 'ashare_sync_active_run_batches',
    help: 'Batches of the runs that are under way, by job and state',
    labels: ['job', 'state'],
    of: ({ batches }) => batches.map(({ job, state, n }) => ({ labels: { job, state }, value: n })),
  },
  {
    name: 'ashare_sync_upstream_calls_total',
    help: 'Requests to a source for a dataset, of all runs that are kept',
    labels: ['source', 'dataset'],
    of: ({ brought }) =>
      brought.map(({ source, dataset, calls }) => ({ labels: { source, dataset }, value: calls })),
  },
  {
    name: 'ashare_sync_rows_total',
    help: 'Rows that runs brought, by what became of them',
    labels: ['source', 'dataset', 'outcome'],
    of: ({ brought }) =>
      brought.flatMap(({ source, dataset, ...counts }) =>
        (['inserted', 'updated', 'unchanged', 'rejected'] as const).map((outcome) => ({
          labels: { source, dataset, outcome },
          value: counts[outcome],
        })),
      ),
  },
  {
    name: 'ashare_sync_failures_open',
    help: 'Failures that nobody has resolved yet',
    labels: ['dataset', 'source'],
    of: ({ failures }) =>
      failures.map(({ dataset, source, n }) => ({ labels: { dataset, source }, value: n })),
  },
  {
    name: 'ashare_sync_sessions',
    help: 'Verified sessions, by dataset and state of the day gate',
    labels: ['dataset', 'state'],
    of: ({ sessions }) => sessions.map(({ dataset, state, n }) => ({ labels: { dataset, state }, value: n })),
  },
  {
    name: 'ashare_sync_newest_complete_session_timestamp_seconds',
    help: 'Midnight in Shanghai of the newest session that was verified as complete, named gaps allowed',
    labels: ['dataset'],
    of: ({ freshness }) => freshness.map(({ dataset, seconds }) => ({ labels: { dataset }, value: seconds })),
  },
  {
    name: 'ashare_sync_source_resting',
    help: '1 while nobody asks a source, or a site behind it, because it was in trouble',
    labels: ['source', 'site'],
    of: ({ places }) =>
      places.map(({ source, site, resting }) => ({ labels: { source, site }, value: resting ? 1 : 0 })),
  },
  {
    name: 'ashare_sync_budget_calls_used',
    help: 'Calls of this hour and this day of Shanghai',
    labels: ['source', 'budget', 'window'],
    of: ({ budgets }) => budgets.flatMap((budget) => windows(budget, ({ used }) => used)),
  },
  {
    name: 'ashare_sync_budget_calls_limit',
    help: 'Calls that an hour or a day may have, where there is a limit',
    labels: ['source', 'budget', 'window'],
    of: ({ budgets }) => budgets.flatMap((budget) => windows(budget, ({ limit }) => limit)),
  },
]

type Window = BudgetView['hour']

const windows = (
  { source, budget, hour, day }: BudgetView,
  figure: (window: Window) => number | null,
): { labels: Labels; value: number }[] =>
  Object.entries({ hour, day }).flatMap(([window, view]) => {
    const value = figure(view)
    return value === null ? [] : [{ labels: { source, budget, window }, value }]
  })

/** Registers the metrics; the returned function reads them anew, and says in `ashare_sync_database_up` whether it could. */
export function storedMetrics(
  registry: Registry,
  sql: Sql,
  budgets: () => Promise<readonly BudgetView[]>,
  log: Logger,
): () => Promise<void> {
  const up = new Gauge({
    name: 'ashare_sync_database_up',
    help: '1 when PostgreSQL answered this scrape; without it the other figures of the database are left out',
    registers: [registry],
  })
  const gauges = METRICS.map(({ name, help, labels, of }) => ({
    of,
    gauge: new Gauge({ name, help, labelNames: labels, registers: [registry] }),
  }))
  return async () => {
    for (const { gauge } of gauges) gauge.reset()
    try {
      const figures = { ...(await readFigures(sql)), budgets: await budgets() }
      for (const { gauge, of } of gauges)
        for (const { labels, value } of of(figures)) gauge.set(labels, value)
      up.set(1)
    } catch (error) {
      up.set(0)
      log.warn({ err: withoutParameters(error) }, 'the figures of the database cannot be read')
    }
  }
}
