import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { insertKey, listKeys, revokeKey } from '../../db/queries/api-keys.ts'
import type { Gate } from '../access/gate.ts'
import { leastRole } from '../access/least-role.ts'
import { hashOf, newKey } from '../access/secrets.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { key, keyName, role, toKey } from '../schemas/access.ts'
import { body, HAS_A_BODY, json, problems } from '../schemas/responses.ts'

const TAG = { tags: ['Access'] }
const DAY_MS = 86_400_000

const EXAMPLE: z.output<typeof key> = {
  name: 'grafana',
  role: 'viewer',
  configured: false,
  active: true,
  created_at: '2026-11-20T12:30:00.000Z',
  expires_at: null,
  revoked_at: null,
  last_used_at: '2026-11-21T01:02:03.000Z',
}

const list = createRoute({
  ...TAG,
  ...leastRole('admin'),
  method: 'get',
  path: '/api/keys',
  operationId: 'listKeys',
  summary: 'The keys that were made, revoked ones too',
  responses: {
    200: json(
      'The keys; none is shown itself',
      z.object({ items: z.array(key), next_cursor: z.null() }).openapi('KeyPage'),
      { items: [EXAMPLE], next_cursor: null },
    ),
    ...problems(),
  },
})

const keyRequest = z
  .strictObject({
    name: keyName,
    role,
    expires_in_days: z
      .number('must be a number of days')
      .int()
      .min(1)
      .max(3_650)
      .nullish()
      .openapi({ description: 'Absent: never', example: 90 }),
  })
  .openapi('KeyRequest')

const create = createRoute({
  ...TAG,
  ...leastRole('admin'),
  method: 'post',
  path: '/api/keys',
  operationId: 'createKey',
  summary: 'Make a key',
  description:
    'The only answer that ever holds it. From the first key on every request needs one; without any other, make one for an admin first.',
  request: { body: body(keyRequest, true, { name: 'grafana', role: 'viewer' }) },
  responses: {
    201: json(
      'The key',
      key.extend({ key: z.string().openapi({ description: 'Shown this once' }) }).openapi('NewKey'),
      { ...EXAMPLE, last_used_at: null, key: 'ask_…' },
    ),
    ...problems(...HAS_A_BODY, 'key_name_taken'),
  },
})

const revoke = createRoute({
  ...TAG,
  ...leastRole('admin'),
  method: 'delete',
  path: '/api/keys/{name}',
  operationId: 'revokeKey',
  summary: 'Revoke a key',
  description:
    'It lets nobody in from then on, and its sessions end. Keys stay needed when it was the last one.',
  request: { params: z.object({ name: keyName }) },
  responses: {
    204: { description: 'It is revoked' },
    ...problems('invalid_request', 'foreign_origin', 'key_not_found', 'key_configured'),
  },
})

export type KeyRoutes = typeof list | typeof create | typeof revoke

/** `/api/keys`. */
export function keyRoutes(deps: ApiDeps, gate: Gate): OpenAPIHono<ApiEnv> {
  const { sql } = deps.db
  const configured = deps.access.keys
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const now = deps.now()
    const none = { created_at: null, expires_at: null, revoked_at: null, last_used_at: null }
    const items = [
      ...configured.map(({ name, role: own }) => ({
        name,
        role: own,
        configured: true,
        active: true,
        ...none,
      })),
      ...(await listKeys(sql)).map((row) => toKey(row, now)),
    ]
    return c.json({ items, next_cursor: null }, 200)
  })
  app.openapi(create, async (c) => {
    const { name, role: own, expires_in_days: days } = c.req.valid('json')
    const secret = newKey()
    const now = deps.now()
    const expiresAt = days ? new Date(now.getTime() + days * DAY_MS).toISOString() : null
    const taken = configured.some((one) => one.name === name)
    const row = taken ? null : await insertKey(sql, { name, role: own, hash: hashOf(secret), expiresAt })
    if (!row)
      throw new Problem(
        'key_name_taken',
        `a key is named ${name}: take another name, or revoke that one first`,
      )
    gate.keyring.forget()
    return c.json({ ...toKey(row, now), key: secret }, 201)
  })
  app.openapi(revoke, async (c) => {
    const { name } = c.req.valid('param')
    if (configured.some((one) => one.name === name))
      throw new Problem(
        'key_configured',
        `${name} stands in API_KEYS: take it out there and start the service again`,
      )
    if (!(await revokeKey(sql, name)))
      throw new Problem(
        'key_not_found',
        `no key that is not revoked is named ${name}; GET /api/keys lists them`,
      )
    gate.keyring.forget()
    return c.body(null, 204)
  })
  return app
}
