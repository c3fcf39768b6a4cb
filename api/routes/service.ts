import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { json, problems } from '../schemas/responses.ts'

const get = createRoute({
  tags: ['Operations'],
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/service',
  operationId: 'getService',
  summary: 'What belongs to the service',
  responses: {
    200: json(
      'Addresses',
      z
        .object({
          workflows_url: z.string().nullable().openapi({
            description:
              'Where the Temporal Web UI shows workflows: with a slash and the encoded `workflow_id` of a run it shows that one. null: TEMPORAL_UI_URL is not set',
            example: 'http://127.0.0.1:8233/namespaces/default/workflows',
          }),
        })
        .openapi('Service'),
    ),
    ...problems(),
  },
})

export type ServiceRoutes = typeof get

/** `GET /api/service`. */
export function serviceRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(get, (c) => c.json({ workflows_url: deps.workflowsUrl ?? null }, 200))
  return app
}
