import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { toIso } from '../../db/client.ts'
import { readNotices } from '../../db/queries/notifications.ts'
import { NOTIFICATION_EVENTS, NOTIFICATION_FORMATS } from '../../market/notifications.ts'
import { leastRole } from '../access/least-role.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { tellingOf } from '../notifications/notifier.ts'
import { NotTaken, sendNotice } from '../notifications/send.ts'
import { Problem } from '../problems.ts'
import { cursorInput, encodeCursor, pageLimit, pageOf } from '../schemas/common.ts'
import { json, problems } from '../schemas/responses.ts'
import { numberIn } from './runs.ts'

const TAG = { tags: ['Operations'] }

const notice = z
  .object({
    id: z.int(),
    event: z.string().openapi({
      description: Object.entries(NOTIFICATION_EVENTS)
        .map(([name, what]) => `${name}: ${what}`)
        .join('; '),
    }),
    title: z.string(),
    text: z.string(),
    details: z.record(z.string(), z.unknown()),
    created_at: z.string().openapi({ format: 'date-time' }),
    attempts: z.int(),
    sent_at: z.string().nullable().openapi({ format: 'date-time' }),
    given_up_at: z.string().nullable().openapi({ format: 'date-time' }),
    last_error: z.string().nullable(),
  })
  .openapi('Notification', {
    example: {
      id: 12,
      event: 'run_failed',
      title: 'daily_incremental failed',
      text: 'tushare daily: AuthFailed: 40101: check the token',
      details: { run_id: '0b9f4f3c-7d3e-4b52-9a55-0d0a3c0c5b7e', job: 'daily_incremental' },
      created_at: '2026-11-20T12:31:00Z',
      attempts: 1,
      sent_at: '2026-11-20T12:31:01Z',
      given_up_at: null,
      last_error: null,
    },
  })

const list = createRoute({
  ...TAG,
  ...leastRole('viewer'),
  method: 'get',
  path: '/api/notifications',
  operationId: 'listNotifications',
  summary: 'What the service has told, or would tell with a receiver, newest first',
  description: 'Kept for 30 days. Set `NOTIFY_URL` to have them sent.',
  request: { query: z.strictObject({ limit: pageLimit, cursor: cursorInput.optional() }) },
  responses: {
    200: json('A page of notifications', pageOf('NotificationPage', notice)),
    ...problems('invalid_request'),
  },
})

const outcome = z
  .object({ sent: z.literal(true), format: z.enum(NOTIFICATION_FORMATS) })
  .openapi('NotificationTest', { example: { sent: true, format: 'feishu' } })

const tryOut = createRoute({
  ...TAG,
  ...leastRole('admin'),
  method: 'post',
  path: '/api/notifications/test',
  operationId: 'testNotifications',
  summary: 'Sends a notification now and says whether it was taken',
  responses: {
    200: json('The receiver took it', outcome),
    ...problems('receiver_missing', 'receiver_refused'),
  },
})

export type NotificationRoutes = typeof list | typeof tryOut

/** `/api/notifications`. */
export function notificationRoutes(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    const rows = await readNotices(deps.db.sql, { before: numberIn(cursor), limit })
    const last = rows.length === limit ? rows.at(-1) : undefined
    const items = rows.map((row) => {
      const { title, text, details } = tellingOf(row, deps.redact)
      const { id, event, attempts, last_error } = row
      return {
        ...{ id, event, title, text, details, attempts, last_error },
        created_at: toIso(row.created_at) ?? row.created_at,
        sent_at: toIso(row.sent_at),
        given_up_at: toIso(row.given_up_at),
      }
    })
    return c.json({ items, next_cursor: last ? encodeCursor(last.id) : null }, 200)
  })
  app.openapi(tryOut, async (c) => {
    const { receiver } = deps
    if (!receiver) throw new Problem('receiver_missing', 'set NOTIFY_URL to the address of a webhook')
    const telling = {
      id: 0,
      event: 'test',
      title: 'ashare-sync can reach you',
      text: 'Somebody tried whether notifications arrive.',
      details: {},
      occurredAt: deps.now().toISOString(),
    }
    try {
      await sendNotice(receiver, telling, deps.closing)
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error
      throw new Problem(
        'receiver_refused',
        `${deps.redact(error.message)}; see NOTIFY_URL, NOTIFY_FORMAT and NOTIFY_SECRET`,
      )
    }
    return c.json({ sent: true as const, format: receiver.format }, 200)
  })
  return app
}
