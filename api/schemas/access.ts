import { z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import type { KeyRow } from '../../db/queries/api-keys.ts'
import { ROLES } from '../../market/roles.ts'
import { instant } from './common.ts'

export const role = z.enum(ROLES, `must be one of ${ROLES.join(', ')}`).openapi({
  description:
    '`viewer` reads, `operator` starts and steers besides, `admin` changes sources, keys and settings besides',
  example: 'operator',
})

export const keyName = z
  .string('must be a name')
  .regex(/^[\w.-]{1,60}$/, 'must be a name of up to 60 letters, digits, dots, hyphens and underscores')
  .openapi({ example: 'grafana' })

export const key = z
  .object({
    name: keyName,
    role,
    configured: z.boolean().openapi({ description: 'It stands in API_KEYS and is changed there' }),
    active: z.boolean().openapi({ description: 'It lets somebody in' }),
    created_at: instant.nullable(),
    expires_at: instant.nullable(),
    revoked_at: instant.nullable(),
    last_used_at: instant.nullable().openapi({ description: 'To the minute' }),
  })
  .openapi('Key')

/** A row → the resource. */
export const toKey = (row: KeyRow, now: Date): z.output<typeof key> => ({
  name: row.name,
  role: row.role,
  configured: false,
  active: row.revoked_at === null && (row.expires_at === null || new Date(row.expires_at) > now),
  created_at: toIso(row.created_at),
  expires_at: toIso(row.expires_at),
  revoked_at: toIso(row.revoked_at),
  last_used_at: toIso(row.last_used_at),
})

export const session = z
  .object({
    keys_needed: z
      .boolean()
      .openapi({ description: 'false: everybody who reaches the service may do everything' }),
    name: z.string().nullable().openapi({ description: 'null: nobody yet', example: 'grafana' }),
    role: role.nullable(),
    by: z
      .enum(['open', 'key', 'session'])
      .nullable()
      .openapi({ description: '`open`: no key is needed', example: 'session' }),
    expires_at: instant.nullable().openapi({ description: 'Of the session' }),
  })
  .openapi('Session')

export const auditEntry = z
  .object({
    id: z.number().int(),
    at: instant,
    actor: z
      .string()
      .openapi({ description: 'Name of the key; `local` where none is needed', example: 'ops' }),
    role,
    address: z.string().openapi({ example: '192.0.2.17' }),
    request_id: z.string(),
    method: z.string().openapi({ example: 'POST' }),
    path: z.string().openapi({ example: '/api/sync/trigger' }),
    status: z.number().int().openapi({ example: 200 }),
    summary: z.string().nullable().openapi({
      description: 'What was asked for, without secrets',
      example: 'periods: [daily], force: false',
    }),
  })
  .openapi('AuditEntry')
