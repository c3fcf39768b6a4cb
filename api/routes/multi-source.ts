import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { count, instant, sourceName } from '../schemas/common.ts'
import { body, envelope, HAS_A_BODY, json, seedErrors } from '../schemas/responses.ts'
import { rank, rankReason } from '../schemas/source.ts'
import {
  budget,
  isoOf,
  latency,
  permission,
  roundLatency,
  toBudget,
  toPermissions,
} from '../schemas/source-parts.ts'
import { type SourceView, viewSources } from '../source/view.ts'
import { type TriedSite, trySources } from '../source/try-sources.ts'

/* The first seed document's view of the sources, with what is known of them besides. */

const TAG = { tags: ['Sync (seed)'] }

const sourceStatus = z.object({
  name: sourceName,
  priority: count.openapi({ description: 'As it is set; 1 is asked first', example: 1 }),
  available: z
    .boolean()
    .openapi({ description: 'Switched on, has what it needs, and not all of its sites rest' }),
  description: z.string().openapi({ description: 'With where its token comes from; never the token' }),
  latency_ms: latency,
  last_success_at: instant.nullable(),
  resting_until: instant.nullable().openapi({ description: 'Nothing is asked of it before' }),
  reason: rankReason,
  permissions: z.array(permission),
  rank,
  budgets: z.array(budget),
})

const STATUS_EXAMPLE = {
  success: true,
  message: 'Data sources status retrieved successfully',
  data: [
    {
      name: 'tushare',
      priority: 1,
      available: true,
      description:
        'Professional A-share data API of high quality; needs a token (token from the environment)',
      latency_ms: 84,
      last_success_at: '2026-11-20T12:30:00.000Z',
      resting_until: null,
      reason: 'priority 1',
      permissions: [{ dataset: 'bars', api: 'daily', allowed: true, message: null }],
      rank: 1,
      budgets: [
        {
          budget: 'daily',
          calls_per_minute: 485,
          hour: { used: 12, limit: null, left: null },
          day: { used: 12, limit: null, left: null },
          total_calls: 12,
          learned: false,
          next_slot_at: null,
          blocked: null,
          denied: null,
        },
      ],
    },
  ],
}

const getStatus = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/sync/multi-source/sources/status',
  operationId: 'getSourcesStatus',
  summary: 'Which sources can be used, the one that is asked first first',
  description: 'From what is known of them; no source is called for it.',
  responses: {
    200: json('The sources', envelope('SourcesStatusAnswer', z.array(sourceStatus)), STATUS_EXAMPLE),
    ...seedErrors(),
  },
})

const triedSite = z.object({
  name: sourceName,
  site: z.string().openapi({ description: 'Up or down as one', example: 'server' }),
  ok: z.boolean().openapi({ description: 'It answered, and it would answer a run' }),
  latency_ms: latency,
  error_class: z.string().nullable().openapi({ example: null }),
  message: z
    .string()
    .openapi({ description: 'What it said, or why it was not asked', example: 'answered in 84 ms' }),
  resting_until: instant.nullable().openapi({ description: 'Runs do not ask it before', example: null }),
})

const testSources = createRoute({
  ...TAG,
  ...leastRole('operator'),
  method: 'post',
  path: '/api/sync/multi-source/sources/test',
  operationId: 'testSources',
  summary: 'Ask the sources whether they answer',
  description:
    'One cheap live request to each site of the source, or of all that are switched on, at most 15 s each and all at once. A rest is ended for it, except that of a ban.',
  request: {
    body: body(
      z
        .strictObject({
          source: sourceName.nullish().openapi({ description: 'Absent: all that are switched on' }),
        })
        .openapi('SourceTestRequest'),
      false,
      { source: 'baostock' },
    ),
  },
  responses: {
    200: json('What each site said', envelope('SourcesTestAnswer', z.array(triedSite)), {
      success: true,
      message: '1 of 1 sites answers',
      data: [
        {
          name: 'baostock',
          site: 'server',
          ok: true,
          latency_ms: 84,
          error_class: null,
          message: 'answered in 84 ms',
          resting_until: null,
        },
      ],
    }),
    ...seedErrors(...HAS_A_BODY, 'temporal_unavailable', 'worker_unavailable'),
  },
})

// Seeds give every source a number: where nobody gave it one it stands at the end.
const LAST_PRIORITY = 99

function toStatus(view: SourceView): z.output<typeof sourceStatus> {
  const successes = view.sites.flatMap(({ health }) => (health?.lastSuccessAtMs ? [health] : []))
  const [newest] = successes.sort((a, b) => (b.lastSuccessAtMs ?? 0) - (a.lastSuccessAtMs ?? 0))
  return {
    name: view.name,
    priority: view.priority ?? LAST_PRIORITY,
    available: view.available,
    description: view.description,
    latency_ms: roundLatency(newest?.latencyMs ?? null),
    last_success_at: isoOf(newest?.lastSuccessAtMs ?? null),
    resting_until: isoOf(view.restingUntilMs),
    reason: view.reason,
    permissions: toPermissions(view),
    rank: view.rank,
    budgets: view.budgets.map((own) => toBudget(own, view.asOfMs)),
  }
}

const toTried = (tried: TriedSite): z.output<typeof triedSite> => ({
  name: tried.source,
  site: tried.site,
  ok: tried.ok,
  latency_ms: roundLatency(tried.latencyMs),
  error_class: tried.errorClass,
  message: tried.message,
  resting_until: isoOf(tried.restingUntilMs),
})

function summaryOf(sites: readonly TriedSite[]): string {
  if (sites.length === 0)
    return 'No source is switched on and has what it needs: GET /api/sources says what is missing'
  const up = sites.filter(({ ok }) => ok).length
  return `${up} of ${sites.length} sites ${up === 1 ? 'answers' : 'answer'}`
}

export type MultiSourceRoutes = typeof getStatus | typeof testSources

/** `/api/sync/multi-source/sources/status` and `/test`. */
export function multiSourceRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(getStatus, async (c) => {
    const data = (await viewSources(deps)).map(toStatus)
    const message = 'Data sources status retrieved successfully'
    return c.json({ success: true as const, message, data }, 200)
  })
  app.openapi(testSources, async (c) => {
    const { source } = c.req.valid('json')
    const sites = await trySources(deps, source ?? undefined)
    return c.json({ success: true as const, message: summaryOf(sites), data: sites.map(toTried) }, 200)
  })
  return app
}
