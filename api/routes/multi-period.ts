import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { type BarCount, barCounts } from '../../db/queries/statistics.ts'
import { PERIODS } from '../../market/datasets.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { triggerRun } from '../runs/trigger.ts'
import { count, instant, tradeDate } from '../schemas/common.ts'
import {
  allHistoryMeaning,
  fullMeaning,
  historyBody,
  incrementalBody,
  incrementalMeaning,
} from '../schemas/multi-period.ts'
import { body, envelope, json, seedErrors, STARTS_A_RUN } from '../schemas/responses.ts'
import { triggered, TRIGGERED_EXAMPLE } from '../schemas/trigger.ts'

/* The first seed document's group of bars of several periods. */

const TAG = { tags: ['Sync (seed)'] }

const barCount = z.object({ count, latest_date: tradeDate })

const statistics = z.object({
  period_statistics: z
    .partialRecord(z.enum(PERIODS), z.record(z.string(), barCount))
    .openapi({ description: 'By period and source; those without bars are left out' }),
  last_updated: instant.nullable().openapi({ description: 'When bars were last written; null without any' }),
})

const getStatistics = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/multi-period-sync/statistics',
  operationId: 'getBarStatistics',
  summary: 'How many bars there are, by period and source',
  description:
    'Exact: the counters are written with the bars. A week or month under way is dated by its last session.',
  responses: {
    200: json('The counts', envelope('BarStatisticsAnswer', statistics), {
      success: true,
      message: 'Statistics retrieved successfully',
      data: {
        period_statistics: { daily: { tushare: { count: 100_000, latest_date: '2026-11-20' } } },
        last_updated: '2026-11-20T12:30:00.000Z',
      },
    }),
    ...seedErrors(),
  },
})

const starting = <const P extends string, S extends z.ZodType>(
  path: P,
  operationId: string,
  summary: string,
  schema: S,
  example: object,
) =>
  createRoute({
    ...TAG,
    ...leastRole('operator'),
    method: 'post',
    path: `/api/multi-period-sync/${path}`,
    operationId,
    summary,
    description: 'Weeks and months are made of the days, which come in any case.',
    request: { body: body(schema, false, example) },
    responses: {
      200: json('The run', envelope('TriggerAnswer', triggered), TRIGGERED_EXAMPLE),
      ...seedErrors(...STARTS_A_RUN),
    },
  })

const startIncremental = starting(
  'start-incremental',
  'startIncremental',
  'Bring the bars since the last time, or of the last days',
  incrementalBody,
  { days_back: 7, periods: ['daily'], data_sources: ['tushare', 'akshare'] },
)
const startFull = starting(
  'start-full',
  'startFull',
  'Bring the bars of the last 365 days, or between two dates',
  historyBody,
  { periods: ['daily', 'weekly'], data_sources: ['tushare'], start_date: '2025-01-02' },
)
const startAllHistory = starting(
  'start-all-history',
  'startAllHistory',
  'Bring all bars that there ever were',
  historyBody,
  { symbols: ['000001'], periods: ['daily', 'weekly', 'monthly'] },
)

function toStatistics(rows: readonly BarCount[]): z.output<typeof statistics> {
  const period_statistics: z.output<typeof statistics>['period_statistics'] = {}
  for (const { period, source, bars, latest_date } of rows)
    (period_statistics[period] ??= {})[source] = { count: bars, latest_date }
  const newest = rows.map(({ updated_at }) => toIso(updated_at) ?? '').sort()
  return { period_statistics, last_updated: newest.at(-1) ?? null }
}

export type MultiPeriodRoutes =
  typeof getStatistics | typeof startIncremental | typeof startFull | typeof startAllHistory

/** `/api/multi-period-sync/…`. */
export function multiPeriodRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const context = async () => ({ now: deps.now(), configured: new Set((await deps.sources()).on.keys()) })
  app.openapi(getStatistics, async (c) => {
    const data = toStatistics(await barCounts(deps.db.sql))
    return c.json({ success: true as const, message: 'Statistics retrieved successfully', data }, 200)
  })
  app.openapi(startIncremental, async (c) => {
    const asked = incrementalMeaning(incrementalBody.parse(c.req.valid('json')), await context())
    return c.json(await triggerRun(deps, asked, c.get('requestId')), 200)
  })
  app.openapi(startFull, async (c) => {
    const asked = fullMeaning(historyBody.parse(c.req.valid('json')), await context())
    return c.json(await triggerRun(deps, asked, c.get('requestId')), 200)
  })
  app.openapi(startAllHistory, async (c) => {
    const asked = allHistoryMeaning(historyBody.parse(c.req.valid('json')), await context())
    return c.json(await triggerRun(deps, asked, c.get('requestId')), 200)
  })
  return app
}
