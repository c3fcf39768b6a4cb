import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { endKey, forgetKeys, makeKey } from '../../../api/access/key-command.ts'
import { SessionBook } from '../../../api/access/session-book.ts'
import { cleanUp } from '../../../db/clean-up.ts'
import type { Sql } from '../../../db/client.ts'
import { clientOf } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/* Sessions: what the console in a browser has in the place of a key. */

let lab: AccessLab
beforeAll(async () => {
  lab = await openAccessLab()
})
afterEach(() => forgetKeys(lab.db.sql))
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
  const { key } = await makeKey(lab.db.sql, { name: 'k', role: 'viewer' })
  const { cookie } = await signIn(app, key)
  const status = async () => (await clientOf(app).get('/api/runs', cookie)).status
  expect(await status()).toBe(200)
  await endKey(lab.db.sql, 'k')
  await expect.poll(status, { interval: 10 }).toBe(401)
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
  expect((await cleanUp(lab.db.sql)).sessions).toBe(1)
})

test('a wrong key opens nothing, and too many of them are slowed down', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const statuses = []
  for (let i = 0; i < 12; i++) statuses.push((await signIn(app, `wrong-${i}`)).answer.status)
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
  expect((await signIn(app, KEYS.viewer)).answer.status).toBe(200)
})

test('asking who I am tells no more about keys than anything else does', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const ask = async (method: string, key: string) =>
    (await app.request(SESSION, { method, headers: bearer(key) })).status
  const statuses = []
  for (let i = 0; i < 12; i++) statuses.push(await ask(i % 2 === 0 ? 'GET' : 'DELETE', `wrong-${i}`))
  expect(statuses.slice(0, 10)).toEqual(Array(5).fill([200, 204]).flat())
  expect(statuses.slice(10)).toEqual([429, 429])
  expect(await ask('GET', KEYS.viewer)).toBe(200)
})

test('cookies that somebody made up are looked up together', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { cookie } = await signIn(app, KEYS.viewer)
  const { get } = clientOf(app)
  const made = Array.from({ length: 300 }, (_, i) => get('/api/runs', { cookie: `ashare_session=${i}` }))
  const own = get('/api/runs', cookie)
  expect((await Promise.all(made)).every(({ status }) => status === 401)).toBe(true)
  expect((await own).status).toBe(200)

  let questions = 0
  const sql = postgres(lab.db.url, {
    max: 5,
    debug: (_, query) => (questions += query.includes('api_session') ? 1 : 0),
  })
  onTestFinished(() => sql.end())
  const book = new SessionBook(sql as Sql)
  const found = await Promise.all(Array.from({ length: 300 }, (_, i) => book.find(String(i))))
  const [hash] = await sql<{ hash: string }[]>`select hash from api_session`
  expect(found.every((session) => session === null)).toBe(true)
  expect(await book.find(hash?.hash ?? '')).toMatchObject({ key_hash: expect.any(String) as string })
  // Two for all of these, one for the test's own.
  expect(questions).toBeLessThanOrEqual(4)
})

test('a key in a header counts before the cookie', async () => {
  const app = lab.app({ keys: CONFIGURED })
  const { cookie } = await signIn(app, KEYS.admin)
  const { get } = clientOf(app)
  expect((await get('/api/audit', { ...cookie, ...bearer(KEYS.viewer) })).status).toBe(403)
  expect((await get('/api/runs', { ...cookie, ...bearer('wrong') })).status).toBe(401)
})
