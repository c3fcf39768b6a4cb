import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { isSourceName, SOURCE_NAMES, type SourceName } from '../../market/sources.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { body, HAS_A_BODY, json, problems } from '../schemas/responses.ts'
import { source, sourcePage, sourcePatch, toSettingPatch, toSource } from '../schemas/source.ts'
import { saveSource } from '../source/save.ts'
import { type SourceView, viewSources } from '../source/view.ts'

const TAG = { tags: ['Sources'] }

const nameParam = z.object({
  name: z.string().openapi({ enum: [...SOURCE_NAMES], example: 'tushare' }),
})

const SERVER = { used: 12, limit: 40_000, left: 39_988 }
const NO_LIMIT = { used: 12, limit: null, left: null }

const EXAMPLE: z.output<typeof source> = {
  name: 'baostock',
  title: 'BaoStock',
  description:
    'Free market data platform with long histories; no account, no Beijing stocks (no account needed)',
  enabled: true,
  available: true,
  priority: 3,
  pinned: false,
  token: { stored: false, source: null, problem: null },
  calls_per_minute: null,
  min_interval_ms: null,
  rank: 1,
  rank_reason: 'priority 3',
  sites: [
    {
      site: 'server',
      state: 'up',
      resting_until: null,
      failures: 0,
      error_class: null,
      reason: null,
      latency_ms: 84,
      error_rate: 0,
      reject_rate: 0,
      last_success_at: '2026-11-20T12:30:00.000Z',
    },
  ],
  budgets: [
    {
      budget: 'server',
      calls_per_minute: 600,
      hour: NO_LIMIT,
      day: SERVER,
      total_calls: 12,
      learned: false,
      next_slot_at: null,
      blocked: null,
      denied: null,
    },
  ],
  permissions: [{ dataset: 'bars', api: 'query_history_k_data_plus', allowed: true, message: null }],
  capabilities: [
    {
      dataset: 'bars',
      api: 'query_history_k_data_plus',
      site: 'server',
      budget: 'server',
      exchanges: ['SSE', 'SZSE'],
      history_start: '1990-12-19',
      ready_time: '18:30',
      by_symbols: { max_symbols: 1, row_cap: 1_999 },
      by_date: { max_dates: 1, row_cap: 100_000, reach: 'sampled' },
      sparse: false,
      rides_on: null,
    },
  ],
  precedence: 2,
}

const list = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/sources',
  operationId: 'listSources',
  summary: 'The sources, the one that is asked first first',
  description: 'All of them, those that are switched off last. No source is called for it.',
  responses: {
    200: json('The sources', sourcePage, { items: [EXAMPLE], next_cursor: null }),
    ...problems(),
  },
})

const get = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/sources/{name}',
  operationId: 'getSource',
  summary: 'One source',
  request: { params: nameParam },
  responses: { 200: json('The source', source, EXAMPLE), ...problems('source_not_found') },
})

const put = createRoute({
  ...TAG,
  ...leastRole('admin'),
  method: 'put',
  path: '/api/sources/{name}',
  operationId: 'setSource',
  summary: 'Switch a source on or off, and set its place, token and pace',
  description:
    'Wins over the environment, and holds within 2 s for everything that begins then. What is absent stays as it is, null gives it back to the environment. The token is stored encrypted, and no answer ever holds it.',
  request: { params: nameParam, body: body(sourcePatch, true, { enabled: true, priority: 1 }) },
  responses: {
    200: json('The source as it is now', source, EXAMPLE),
    ...problems(...HAS_A_BODY, 'source_not_found', 'app_secret_missing'),
  },
})

function known(name: string): SourceName {
  if (isSourceName(name)) return name
  throw new Problem(
    'source_not_found',
    `${JSON.stringify(name.slice(0, 40))} is no source; known are ${SOURCE_NAMES.join(', ')}`,
  )
}

async function viewOf(deps: ApiDeps, name: SourceName): Promise<SourceView> {
  const view = (await viewSources(deps)).find((one) => one.name === name)
  if (!view) throw new Error(`no view of ${name}`)
  return view
}

export type SourceRoutes = typeof list | typeof get | typeof put

/** `/api/sources` and what belongs to one source. */
export function sourceRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const items = (await viewSources(deps)).map(toSource)
    return c.json({ items, next_cursor: null }, 200)
  })
  app.openapi(get, async (c) => {
    const name = known(c.req.valid('param').name)
    return c.json(toSource(await viewOf(deps, name)), 200)
  })
  app.openapi(put, async (c) => {
    const name = known(c.req.valid('param').name)
    const patch = toSettingPatch(c.req.valid('json'))
    await saveSource(deps, name, patch)
    // Names only: a value may be a token.
    const fields = Object.keys(patch)
    deps.log.info({ requestId: c.get('requestId'), source: name, fields }, 'the settings of a source changed')
    return c.json(toSource(await viewOf(deps, name)), 200)
  })
  return app
}
