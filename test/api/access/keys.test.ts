import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { endKey, forgetKeys, KeyCommandError, madeKeys, makeKey } from '../../../api/access/key-command.ts'
import { openedBy, whyNotOpen } from '../../../api/access/opening.ts'
import { openDatabase } from '../../../db/client.ts'
import type { Role } from '../../../market/roles.ts'
import { type Answer, clientOf } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/* Keys: made, shown once, used, revoked, expired; and what wrong ones get. */

let lab: AccessLab
beforeAll(async () => {
  lab = await openAccessLab()
})
afterEach(() => forgetKeys(lab.db.sql))
afterAll(() => lab.close())

const WRONG = `ask_${'A'.repeat(43)}`
const make = async (name: string, role: Role, days?: number) =>
  (await makeKey(lab.db.sql, { name, role, days })).key

/** A client that sends the headers with everything. */
function asking(app = lab.app()) {
  const { get, post } = clientOf(app)
  return {
    get: (key?: string): Promise<Answer> => get('/api/runs', key === undefined ? {} : bearer(key)),
    with: (headers: Record<string, string>): Promise<Answer> => get('/api/runs', headers),
    post,
  }
}

describe('the command', () => {
  test('makes a key that works, and keeps nothing of it but its hash', async () => {
    const key = await make('grafana', 'viewer')
    expect(key).toMatch(/^ask_[\w-]{43}$/)
    expect((await asking().get(key)).status).toBe(200)
    const [row] = await lab.db.sql`select * from api_key`
    expect(row).toMatchObject({
      name: 'grafana',
      role: 'viewer',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(JSON.stringify(row)).not.toContain(key.slice(4, 20))
  })

  test('lists keys with their state and their last use, and never a key', async () => {
    const keys = [await make('a', 'viewer'), await make('b', 'admin', 30), await make('c', 'operator')]
    await endKey(lab.db.sql, 'c')
    await asking().get(keys[0])
    const list = () => madeKeys(lab.db.sql)
    const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string
    await expect.poll(list).toMatchObject([
      { name: 'a', role: 'viewer', state: 'active', last_used_at: matching(/^20\d\d-/) },
      { name: 'b', role: 'admin', state: matching(/^until 20\d\d-\d\d-\d\d$/), last_used_at: null },
      { name: 'c', role: 'operator', state: 'revoked', last_used_at: null },
    ])
    const text = JSON.stringify(await list())
    for (const key of keys) expect(text).not.toContain(key)
  })

  test('refuses names that are none, and to revoke what is not there', async () => {
    const wrong = makeKey(lab.db.sql, { name: 'a b', role: 'viewer' })
    await expect(wrong).rejects.toThrow(/NAME must be/)
    const nobody = endKey(lab.db.sql, 'nobody')
    await expect(nobody).rejects.toThrow('no key that is not revoked is named nobody')
    await expect(nobody).rejects.toBeInstanceOf(KeyCommandError)
  })

  test('gives a name twice only when the first key was revoked', async () => {
    const first = await make('ops', 'operator')
    await expect(make('ops', 'operator')).rejects.toThrow('a key is named ops already')
    await endKey(lab.db.sql, 'ops')
    const second = await make('ops', 'viewer')
    expect((await asking().get(first)).status).toBe(401)
    expect((await asking().get(second)).status).toBe(200)
  })

  test('stands in the audit log', async () => {
    await lab.db.sql`truncate audit_log`
    const key = await make('noted', 'admin')
    const { get } = clientOf(lab.app())
    const { body, text } = await get('/api/audit?actor=command-line', bearer(key))
    expect(body['items']).toMatchObject([
      { method: 'COMMAND', path: 'key create', summary: 'name: noted, role: admin' },
    ])
    expect(text).not.toContain(key)
  })
})

describe('when a key is needed', () => {
  test('not before the first is made; from then on at once', async () => {
    const client = asking()
    expect((await client.get()).status).toBe(200)
    const key = await make('first', 'admin')
    await expect.poll(async () => (await client.get()).status, { interval: 10 }).toBe(401)
    expect((await client.get(key)).status).toBe(200)
  })

  test('still when the last one was revoked: the service does not fall open', async () => {
    await make('only', 'admin')
    await endKey(lab.db.sql, 'only')
    const answer = await asking().get()
    expect(answer).toMatchObject({ status: 401, body: { code: 'key_missing' } })
  })

  test('not any more when all were forgotten on purpose', async () => {
    await make('only', 'admin')
    await forgetKeys(lab.db.sql)
    expect((await asking().get()).status).toBe(200)
  })

  test('always where other machines reach the service', async () => {
    expect((await asking(lab.app({ openWithoutKeys: false })).get()).status).toBe(401)
  })

  test.each([
    [{ HOST: '127.0.0.1', ALLOWED_HOSTS: [] }, null],
    [{ HOST: 'localhost', ALLOWED_HOSTS: ['localhost'] }, null],
    [{ HOST: '0.0.0.0', ALLOWED_HOSTS: [] }, 'HOST=0.0.0.0'],
    // Behind a proxy on this machine.
    [{ HOST: '127.0.0.1', ALLOWED_HOSTS: ['sync.example.com'] }, 'ALLOWED_HOSTS=sync.example.com'],
  ])('%j is reached by other machines: %s', (settings, by) => {
    expect(openedBy(settings)).toBe(by)
  })

  test.each(['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'x-real-ip', 'via'])(
    'by whoever comes through a proxy (%s)',
    async (name) => {
      const headers = { host: '127.0.0.1', [name]: '203.0.113.7' }
      expect((await lab.app().request('/api/runs', { headers })).status).toBe(401)
    },
  )

  test('such a service does not even start without one', async () => {
    const { sql } = lab.db
    expect(await whyNotOpen(sql, 'HOST=0.0.0.0')).toContain(
      'HOST=0.0.0.0 would open the API to other machines',
    )
    await make('first', 'admin')
    expect(await whyNotOpen(sql, 'HOST=0.0.0.0')).toBeNull()
    await endKey(sql, 'first')
    expect(await whyNotOpen(sql, 'HOST=0.0.0.0')).toContain('there is no key yet')
    const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:9/none' })
    expect(await whyNotOpen(away.sql, 'HOST=0.0.0.0')).toBeNull()
    await away.close()
  })
})

describe('which key', () => {
  test('either header, and Bearer in any case', async () => {
    const { with: ask } = asking(lab.app({ keys: CONFIGURED }))
    for (const headers of [
      bearer(KEYS.viewer),
      { authorization: `bearer ${KEYS.viewer}` },
      { 'x-api-key': KEYS.viewer },
    ])
      expect((await ask(headers)).status).toBe(200)
    for (const headers of [{}, { authorization: `Basic ${KEYS.viewer}` }, { 'x-api-key': '' }])
      expect(await ask(headers)).toMatchObject({ status: 401, body: { code: 'key_missing' } })
  })

  test.each([
    ['nearly right', KEYS.viewer.slice(0, -1)],
    ['right and more', `${KEYS.viewer}x`],
    ['very long', 'x'.repeat(5_000)],
    ['the hash of one', 'a'.repeat(64)],
  ])('not one that is %s', async (_, key) => {
    const answer = await asking(lab.app({ keys: CONFIGURED })).get(key)
    expect(answer).toMatchObject({ status: 401, body: { code: 'key_unknown' } })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="ashare-sync", error="invalid_token"')
    expect(answer.text).not.toContain(key)
  })

  test('not one that has expired', async () => {
    const key = await make('short', 'viewer', 1)
    expect((await asking().get(key)).status).toBe(200)
    await lab.db.sql`update api_key set expires_at = now() - interval '1 second'`
    expect((await asking().get(key)).status).toBe(401)
  })

  test('configured and stored ones side by side; configured ones also while the database is away', async () => {
    const stored = await make('stored', 'viewer')
    const app = lab.app({ keys: CONFIGURED })
    expect((await asking(app).get(stored)).status).toBe(200)
    const db = openDatabase({ url: 'postgres://nobody@127.0.0.1:9/none' })
    const away = lab.app({ keys: CONFIGURED }, { db })
    const { post } = clientOf(away)
    const refused = await post('/api/runs', { job: 'nonsense' }, bearer(KEYS.admin))
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(await asking(away).get(stored)).toMatchObject({
      status: 503,
      body: { code: 'database_unavailable' },
    })
    await db.close()
  })

  test('wrong ones are slowed down, and never lock out a good one of the same address', async () => {
    const client = asking(lab.app({ keys: CONFIGURED }))
    const answers = []
    for (let i = 0; i < 15; i++) answers.push(await client.get(WRONG))
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array<number>(10).fill(401),
      ...Array<number>(5).fill(429),
    ])
    const last = answers.at(-1)
    expect(last?.body).toMatchObject({ code: 'too_many_failures' })
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect((await client.get(KEYS.viewer)).status).toBe(200)
    expect((await client.get()).status).toBe(401)
  })
})

describe('over HTTP', () => {
  test('an admin makes, lists and revokes keys', async () => {
    const app = lab.app({ keys: CONFIGURED })
    const { get, post } = clientOf(app)
    const admin = bearer(KEYS.admin)
    const made = await post<{ key: string }>(
      '/api/keys',
      { name: 'new', role: 'operator', expires_in_days: 7 },
      admin,
    )
    expect(made).toMatchObject({ status: 201, body: { name: 'new', role: 'operator', active: true } })
    const { key } = made.body
    expect((await get('/api/runs', bearer(key))).status).toBe(200)
    expect((await post('/api/keys', { name: 'new', role: 'viewer' }, admin)).status).toBe(409)
    expect((await post('/api/keys', { name: 'the-admin', role: 'viewer' }, admin)).status).toBe(409)
    const list = await get('/api/keys', admin)
    expect(list.body['items']).toMatchObject([
      { name: 'the-viewer', configured: true },
      { name: 'the-operator', configured: true },
      { name: 'the-admin', configured: true },
      { name: 'new', configured: false, active: true },
    ])
    expect(list.text).not.toContain(key)
    const revoke = (name: string) => app.request(`/api/keys/${name}`, { method: 'DELETE', headers: admin })
    expect((await revoke('new')).status).toBe(204)
    expect((await get('/api/runs', bearer(key))).status).toBe(401)
    expect([(await revoke('new')).status, (await revoke('the-admin')).status]).toEqual([404, 409])
  })
})
