import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { tidyAccess } from '../../../api/access/housekeeping.ts'
import { runKeyCommand } from '../../../api/access/key-command.ts'
import { clientOf } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/* Sessions: what the console in a browser has in the place of a key. */

let lab: AccessLab
beforeAll(async () => {
  lab = await openAccessLab()
})
afterEach(() => runKeyCommand(lab.db.sql, ['clear']))
afterAll(() => lab.close())

const SESSION = '/api/session'

async function signIn(app: ReturnType<AccessLab['app']>, key: string, headers: Record<string, string> = {}) {
  const answer = await clientOf(app).post(SESSION, { key }, headers)
  const setCookie = answer.headers.get('set-cookie') ?? ''
  return { answer, setCookie, cookie: { cookie: setCookie.split(';')[0] ?? '' } }
}

test('a key opens a session whose cookie no script and no other site can use', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { answer, setCookie, cookie } = await signIn(app, KEYS.operator)
  expect(answer).toMatchObject({
    status: 200,
    body: { keys_needed: true, name: 'the-operator', role: 'operator', by: 'session' },
  })
  expect(setCookie).toMatch(/^ashare_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
  const { get, post } = clientOf(app)
  expect((await get('/api/runs', cookie)).status).toBe(200)
  expect((await get('/api/audit', cookie)).status).toBe(403)
  const foreign = await post(
    '/api/runs',
    {},
    { ...cookie, origin: 'http://localhost:3000', host: 'localhost:8000' },
  )
  expect(foreign).toMatchObject({ status: 403, body: { code: 'foreign_origin' } })
})

test('a page that may read answers has no part in the session of the console', async () => {
  const origin = 'http://localhost:3000'
  const app = lab.app({ keys: CONFIGURED, corsOrigins: [origin] })
  const { cookie } = await signIn(app, KEYS.operator)
  const { post } = clientOf(app)
  // Another port is the same site, so the browser sends the cookie along.
  const answer = await post('/api/runs', {}, { ...cookie, origin, host: 'localhost:8000' })
  expect(answer).toMatchObject({ status: 401, body: { code: 'key_missing' } })
})

test('a stranger who tries to log in again and again keeps nobody else out', async () => {
  const app = lab.app({ keys: CONFIGURED, changesPerMinute: 5 })
  const { post } = clientOf(app)
  for (let i = 0; i < 20; i++) await post(SESSION, { key: 'wrong' })
  expect((await signIn(app, KEYS.viewer)).answer.status).toBe(200)
})

test('behind a proxy that speaks https the cookie never travels in the open', async () => {
  const { setCookie } = await signIn(lab.app({ keys: CONFIGURED }), KEYS.viewer, {
    'x-forwarded-proto': 'https',
  })
  expect(setCookie).toContain('; Secure')
})

test('only the hash of a session is stored', async () => {
  const { cookie } = await signIn(lab.app({ keys: CONFIGURED }), KEYS.viewer)
  const rows = await lab.db.sql`select * from api_session`
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain(cookie.cookie.split('=')[1])
})

test('who am I: nobody, a key, a session, everybody', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { get } = clientOf(app)
  const nobody = { keys_needed: true, name: null, role: null, by: null, expires_at: null }
  expect((await get(SESSION)).body).toEqual(nobody)
  expect((await get(SESSION, bearer('wrong'))).body).toEqual(nobody)
  expect((await get(SESSION, bearer(KEYS.admin))).body).toMatchObject({
    name: 'the-admin',
    role: 'admin',
    by: 'key',
  })
  const { cookie } = await signIn(app, KEYS.viewer)
  expect((await get(SESSION, cookie)).body).toMatchObject({
    name: 'the-viewer',
    role: 'viewer',
    by: 'session',
  })
  const open = await clientOf(lab.app()).get(SESSION)
  expect(open.body).toEqual({
    keys_needed: false,
    name: 'local',
    role: 'admin',
    by: 'open',
    expires_at: null,
  })
})

test('a session ends when it is closed', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { cookie } = await signIn(app, KEYS.viewer)
  const closed = await app.request(SESSION, { method: 'DELETE', headers: cookie })
  expect(closed.status).toBe(204)
  expect(closed.headers.get('set-cookie')).toMatch(/^ashare_session=; Max-Age=0/)
  expect((await clientOf(app).get('/api/runs', cookie)).status).toBe(401)
})

test('a session ends with its key', async () => {
  const app = lab.app()
  const key = (await runKeyCommand(lab.db.sql, ['create', 'k', '--role', 'viewer'])).split('\n').at(-1) ?? ''
  const { cookie } = await signIn(app, key)
  const status = async () => (await clientOf(app).get('/api/runs', cookie)).status
  expect(await status()).toBe(200)
  await runKeyCommand(lab.db.sql, ['revoke', 'k'])
  await expect.poll(status, { timeout: 2_000, interval: 10 }).toBe(401)
  // As after a start without the configured key that opened it.
  const configured = await signIn(lab.app({ keys: CONFIGURED }), KEYS.admin)
  const without = lab.app({ keys: CONFIGURED.filter(({ role }) => role !== 'admin') })
  expect((await clientOf(without).get('/api/runs', configured.cookie)).status).toBe(401)
})

test('a session ends after its time, and is then forgotten', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { cookie } = await signIn(app, KEYS.viewer)
  await lab.db.sql`update api_session set expires_at = now() - interval '1 second'`
  expect((await clientOf(app).get('/api/runs', cookie)).status).toBe(401)
  expect((await tidyAccess(lab)).sessions).toBe(1)
})

test('a wrong key opens nothing, and too many of them are slowed down', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const statuses = []
  for (let i = 0; i < 12; i++) statuses.push((await signIn(app, `wrong-${i}`)).answer.status)
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
  expect((await signIn(app, KEYS.viewer)).answer.status).toBe(200)
})

test('a key in a header counts before the cookie', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { cookie } = await signIn(app, KEYS.admin)
  const { get } = clientOf(app)
  expect((await get('/api/audit', { ...cookie, ...bearer(KEYS.viewer) })).status).toBe(403)
  expect((await get('/api/runs', { ...cookie, ...bearer('wrong') })).status).toBe(401)
})
