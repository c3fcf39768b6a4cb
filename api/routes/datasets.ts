import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { datasetSources, newestComplete } from '../../db/queries/dataset-overview.ts'
import { DATASET_NAMES, DATASETS } from '../../market/datasets.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { datasetName, instant, pageOf, tradeDate } from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'
import { shared } from '../shared-reading.ts'

const dataset = z
  .object({
    dataset: datasetName,
    title: z.string().openapi({ example: 'Bars' }),
    newest_complete: tradeDate
      .nullable()
      .openapi({ description: 'The newest date that was verified as complete, named gaps allowed' }),
    sources: z.array(
      z.object({
        source: z.string().openapi({ example: 'tushare' }),
        from_date: tradeDate
          .nullable()
          .openapi({ description: 'The first date that it is known for; null for lists' }),
        to_date: tradeDate.nullable(),
        last_run_at: instant.nullable().openapi({ description: 'When a run had it from there last' }),
      }),
    ),
  })
  .openapi('Dataset')

const list = createRoute({
  tags: ['Completeness'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/datasets',
  operationId: 'listDatasets',
  summary: 'How fresh each dataset is, and how far each source has brought it',
  responses: { 200: json('The datasets', pageOf('DatasetPage', dataset)), ...problems() },
})

export type DatasetRoutes = typeof list

/** `GET /api/datasets`. */
export function datasetRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const { sql } = deps.db
  const current = shared(() => Promise.all([newestComplete(sql), datasetSources(sql)]))
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const [complete, sources] = await current()
    const items = DATASET_NAMES.map((name) => ({
      dataset: name,
      title: DATASETS[name].title,
      newest_complete: complete.find((one) => one.dataset === name)?.date ?? null,
      sources: sources
        .filter((one) => one.dataset === name)
        .map(({ source, from_date, to_date, last_run_at }) => ({
          source,
          from_date,
          to_date: from_date === null ? null : to_date,
          last_run_at: toIso(last_run_at),
        })),
    }))
    return c.json({ items, next_cursor: null }, 200)
  })
  return app
}
