import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { shareOf } from '../access/caller.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { type DryRun, planRun } from '../plan-run.ts'
import { Problem } from '../problems.ts'
import { count, datasetName, tradeDate } from '../schemas/common.ts'
import { body, HAS_A_BODY, json, problems } from '../schemas/responses.ts'
import { jobRequest, toRunParams } from '../schemas/run.ts'
import { Slots } from '../tables/slots.ts'

const minutes = z.number().min(0).openapi({ description: 'At the present budgets', example: 1.3 })

const plan = z
  .object({
    job: z.string(),
    params: z.record(z.string(), z.unknown()),
    stages: z.array(
      z.array(
        z.object({
          dataset: datasetName,
          source: z
            .string()
            .nullable()
            .openapi({ description: 'null: no source that is switched on serves it' }),
          api: z.string().nullable(),
          batches: count,
          calls: count,
          cells: count.openapi({ description: 'Instrument x session; 0 where that is not known beforehand' }),
          from_date: tradeDate.nullable(),
          to_date: tradeDate.nullable(),
        }),
      ),
    ),
    apis: z.array(
      z.object({
        source: z.string(),
        api: z.string().openapi({ example: 'daily' }),
        calls: count,
        cells: count,
        lower_bound: count.nullable().openapi({ description: 'Fewest calls that could carry these cells' }),
        ratio: z.number().nullable().openapi({ description: 'calls / lower_bound' }),
        minutes,
        calls_per_minute: z.number().nullable().openapi({ description: 'null: no limit' }),
        days_of_quota: z.number().nullable().openapi({ description: 'null: no daily limit' }),
      }),
    ),
    calls: count,
    cells: count,
    lower_bound: count.nullable(),
    ratio: z.number().nullable(),
    minutes,
    notes: z.array(z.string()),
  })
  .openapi('Plan')

const dryRun = createRoute({
  tags: ['Runs'],
  ...leastRole('viewer'),
  method: 'post',
  path: '/api/plan',
  operationId: 'planRun',
  summary: 'What a run would do and cost',
  description:
    'A dry run: nothing is written and no source is asked. A run that is started now gets the same plan.',
  request: { body: body(jobRequest, true, { job: 'daily_history', params: { start_date: '2025-01-02' } }) },
  responses: {
    200: json('The plan', plan),
    ...problems(...HAS_A_BODY, 'too_many_plans'),
  },
})

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)

/** The plan as the API answers with it. */
export function describePlan(dry: DryRun): Omit<z.output<typeof plan>, 'job' | 'params'> {
  const bounded = dry.apis.filter((api) => api.lowerBound !== null && api.lowerBound > 0)
  const bound = sum(bounded.map((api) => api.lowerBound ?? 0))
  return {
    stages: dry.stages.map((plans) =>
      plans.map(({ dataset, source, capability, batches, range }) => ({
        dataset,
        source,
        api: capability?.api ?? null,
        batches: batches.length,
        calls: sum(batches.map((batch) => batch.calls)),
        cells: sum(batches.map((batch) => batch.cells)),
        from_date: range?.from ?? null,
        to_date: range?.to ?? null,
      })),
    ),
    apis: dry.apis.map((api) => ({
      source: api.source,
      api: api.api,
      calls: api.calls,
      cells: api.cells,
      lower_bound: api.lowerBound,
      ratio: api.ratio === null ? null : round(api.ratio, 3),
      minutes: round(api.minutes, 2),
      calls_per_minute: api.callsPerMinute === null ? null : round(api.callsPerMinute, 2),
      days_of_quota: api.dayShare === null ? null : round(api.dayShare, 4),
    })),
    calls: dry.calls,
    cells: dry.cells,
    // Lists have no bound: they are a handful of calls that nothing can pack.
    lower_bound: bounded.length > 0 ? bound : null,
    ratio: bounded.length > 0 ? round(sum(bounded.map((api) => api.calls)) / bound, 3) : null,
    minutes: round(dry.minutes, 2),
    notes: dry.notes,
  }
}

// Each reads the coverage of the whole market and computes all calls of a job, while nothing else of this process goes on.
const MAX_PLANS = 2
const WAIT_MS = 10_000

const tooManyPlans = (): Problem =>
  new Problem(
    'too_many_plans',
    `${MAX_PLANS} plans are being made: try again when one of them is there`,
    {},
    { 'Retry-After': String(WAIT_MS / 1_000) },
  )

export type PlanRoutes = typeof dryRun

/** `POST /api/plan`. */
export function planRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const slots = new Slots({ count: MAX_PLANS, waitMs: WAIT_MS })
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(dryRun, async (c) => {
    const { job, params: asked } = c.req.valid('json')
    const params = toRunParams(asked)
    const release = await slots.take(shareOf(c, c.get('caller')), c.req.raw.signal)
    if (release === null) throw tooManyPlans()
    try {
      return c.json(
        {
          job,
          params: Object.fromEntries(Object.entries(params)),
          ...describePlan(await planRun(deps, job, params)),
        },
        200,
      )
    } finally {
      release()
    }
  })
  return app
}
