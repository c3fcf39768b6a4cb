import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { toIso } from '../../db/client.ts'
import { deleteSession, insertSession } from '../../db/queries/sessions.ts'
import { SESSION_COOKIE } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import { leastRole } from '../access/least-role.ts'
import { hashOf, newSessionToken } from '../access/secrets.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { session } from '../schemas/access.ts'
import { body, HAS_A_BODY, json, problems } from '../schemas/responses.ts'

/* Sessions of the console: a browser shows a key once and has a cookie from then on, which no script can read. */

const TAG = { tags: ['Access'] }
const SESSION_SECONDS = 12 * 60 * 60

const EXAMPLE: z.output<typeof session> = {
  keys_needed: true,
  name: 'ops',
  role: 'operator',
  by: 'session',
  expires_at: '2026-11-21T00:30:00.000Z',
}

const open = createRoute({
  ...TAG,
  ...leastRole('anyone'),
  method: 'post',
  path: '/api/session',
  operationId: 'openSession',
  summary: 'Exchange a key for a session',
  description: 'Sets a cookie for 12 hours. The session ends before that when its key is revoked or expires.',
  request: {
    body: body(
      z
        .strictObject({ key: z.string('must be a key').min(1, 'is empty').max(500, 'is no key: too long') })
        .openapi('SessionRequest'),
      true,
      { key: 'ask_…' },
    ),
  },
  responses: {
    200: json('The session', session, EXAMPLE),
    ...problems(...HAS_A_BODY, 'key_unknown', 'too_many_failures'),
  },
})

const get = createRoute({
  ...TAG,
  ...leastRole('anyone'),
  method: 'get',
  path: '/api/session',
  operationId: 'getSession',
  summary: 'Who am I, and do I need a key',
  responses: { 200: json('What the request brought', session, EXAMPLE), ...problems('too_many_failures') },
})

const close = createRoute({
  ...TAG,
  ...leastRole('anyone'),
  method: 'delete',
  path: '/api/session',
  operationId: 'closeSession',
  summary: 'End the session',
  responses: {
    204: { description: 'There is none any more' },
    ...problems('foreign_origin', 'too_many_failures'),
  },
})

/** Directly or by the word of a proxy in front: then the cookie must never travel in the open. */
const isHttps = (c: Context): boolean =>
  new URL(c.req.url).protocol === 'https:' ||
  c.req.header('x-forwarded-proto')?.split(',')[0]?.trim() === 'https'

export type SessionRoutes = typeof open | typeof get | typeof close

/** `/api/session`. */
export function sessionRoutes(deps: ApiDeps, gate: Gate): OpenAPIHono<ApiEnv> {
  const { sql } = deps.db
  const app = new OpenAPIHono<ApiEnv>()
  app.openapi(open, async (c) => {
    const { name, role, hash: keyHash } = await gate.unlock(c, c.req.valid('json').key)
    const token = newSessionToken()
    const stored = await insertSession(sql, { hash: hashOf(token), keyHash, seconds: SESSION_SECONDS })
    c.set('caller', { name, role, by: 'key' })
    setCookie(c, SESSION_COOKIE, token, {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure: isHttps(c),
      maxAge: SESSION_SECONDS,
    })
    return c.json(
      {
        keys_needed: await gate.keyring.needed(),
        name,
        role,
        by: 'session' as const,
        expires_at: toIso(stored.expires_at),
      },
      200,
    )
  })
  app.openapi(get, async (c) => {
    const found = await gate.look(c)
    const keys_needed = await gate.keyring.needed()
    const nobody = { keys_needed, name: null, role: null, by: null, expires_at: null }
    return c.json(
      found.caller ? { keys_needed, ...found.caller, expires_at: toIso(found.sessionEndsAt) } : nobody,
      200,
    )
  })
  app.openapi(close, async (c) => {
    const found = await gate.look(c)
    const token = getCookie(c, SESSION_COOKIE)
    if (token !== undefined) await deleteSession(sql, hashOf(token))
    if (found.caller?.by === 'session') c.set('caller', found.caller)
    deleteCookie(c, SESSION_COOKIE, { path: '/' })
    return c.body(null, 204)
  })
  return app
}
