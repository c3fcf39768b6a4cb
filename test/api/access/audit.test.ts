import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cleanUp } from '../../../db/clean-up.ts'
import { summaryOf } from '../../../api/access/summary.ts'
import { sealKey } from '../../../db/sealed.ts'
import { Secret } from '../../../market/secret.ts'
import { clientOf } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/* Who changed what, and how often they may. */

let lab: AccessLab
let app: ReturnType<AccessLab['app']>
beforeAll(async () => {
  lab = await openAccessLab()
  app = lab.app({ keys: CONFIGURED }, { sealKey: sealKey(new Secret('a secret of this test')) })
})
beforeEach(() => lab.db.sql`truncate audit_log`)
afterAll(() => lab.close())

interface Entry {
  actor: string
  status: number
  summary: string | null
}
const entries = async (query = '') =>
  (
    await clientOf(app).get<{ items: Entry[]; next_cursor: string | null }>(
      `/api/audit${query}`,
      bearer(KEYS.admin),
    )
  ).body

test('a change is written down before its answer is there: who, from where, what, how it ended', async () => {
  const { post } = clientOf(app)
  const asked = { job: 'nonsense', params: { symbols: ['600000'], start_date: '2025-01-02' } }
  const headers = { ...bearer(KEYS.operator), 'x-request-id': 'req-1' }
  const { status } = await post('/api/runs', asked, headers)
  expect((await entries()).items).toEqual([
    {
      id: expect.any(Number) as number,
      at: expect.stringMatching(/^20\d\d-.+Z$/) as string,
      actor: 'the-operator',
      role: 'operator',
      address: 'inside',
      request_id: 'req-1',
      method: 'POST',
      path: '/api/runs',
      status,
      summary: 'job: nonsense, params: { symbols: [600000], start_date: 2025-01-02 }',
    },
  ])
})

test('a token that is set is written down as set, and stands nowhere', async () => {
  const token = 'f00d'.repeat(14)
  const response = await app.request('/api/sources/tushare', {
    method: 'PUT',
    headers: { ...bearer(KEYS.admin), 'content-type': 'application/json' },
    body: JSON.stringify({ token, priority: 2 }),
  })
  expect(response.status).toBe(200)
  expect((await entries()).items).toMatchObject([
    { actor: 'the-admin', path: '/api/sources/tushare', summary: 'token: (not shown), priority: 2' },
  ])
  const [row] = await lab.db.sql<{ text: string }[]>`select string_agg(a::text, ' ') as text from audit_log a`
  for (const secret of [token, KEYS.admin]) {
    expect(row?.text).not.toContain(secret)
    expect(lab.logged()).not.toContain(secret)
  }
})

test('what was refused is written down as well, but nothing of nobody, and nothing that only reads', async () => {
  const { get, post } = clientOf(app)
  await post('/api/runs', { job: 'stock_list' }, bearer(KEYS.viewer))
  await post('/api/runs', { job: 'nonsense' }, bearer(KEYS.operator))
  await post('/api/runs', { job: 'stock_list' })
  await post('/api/runs', { job: 'stock_list' }, bearer('wrong'))
  await post('/api/plan', { job: 'stock_list' }, bearer(KEYS.viewer))
  await get('/api/runs', bearer(KEYS.viewer))
  const found = (await entries()).items.map(({ actor, status }) => `${actor} ${status}`)
  expect(found).toEqual(['the-operator 400', 'the-viewer 403'])
})

test('opening and closing a session is a change', async () => {
  const { post } = clientOf(app)
  const opened = await post('/api/session', { key: KEYS.viewer })
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
  await app.request('/api/session', { method: 'DELETE', headers: { cookie } })
  expect((await entries()).items).toMatchObject([
    { actor: 'the-viewer', status: 204 },
    { actor: 'the-viewer', status: 200, summary: 'key: (not shown)' },
  ])
})

test('without keys the caller is `local`', async () => {
  await clientOf(lab.app()).post('/api/runs', { job: 'nonsense' })
  expect((await entries()).items).toMatchObject([{ actor: 'local', role: 'admin' }])
})

test('the list is paged, and found by caller and time', async () => {
  const { post } = clientOf(app)
  for (let i = 0; i < 3; i++) await post('/api/runs', { job: 'nonsense' }, bearer(KEYS.operator))
  await post('/api/runs', { job: 'nonsense' }, bearer(KEYS.admin))
  const first = await entries('?limit=2')
  expect(first.items.map(({ actor }) => actor)).toEqual(['the-admin', 'the-operator'])
  const second = await entries(`?limit=2&cursor=${String(first.next_cursor)}`)
  expect(second.items.map(({ actor }) => actor)).toEqual(['the-operator', 'the-operator'])
  expect((await entries('?actor=the-admin')).items).toHaveLength(1)
  expect((await entries('?since=2100-01-01T00:00:00Z')).items).toEqual([])
})

test('entries are kept for 400 days', async () => {
  for (const days of [399, 401])
    await lab.db.sql`
      insert into audit_log (at, actor, role, address, request_id, method, path, status)
      values (now() - make_interval(days => ${days}), ${`d${days}`}, 'admin', 'x', 'x', 'POST', '/x', 200)`
  expect((await cleanUp(lab.db.sql)).audit).toBe(1)
  expect((await entries()).items).toMatchObject([{ actor: 'd399' }])
})

test('a change that cannot be written down is an error in the log, and the answer stands', async () => {
  await lab.db.sql`alter table audit_log rename to audit_log_away`
  try {
    const answer = await clientOf(app).post('/api/runs', { job: 'nonsense' }, bearer(KEYS.operator))
    expect(answer.status).toBe(400)
    expect(lab.logged()).toContain('a change could not be written to the audit log')
  } finally {
    await lab.db.sql`alter table audit_log_away rename to audit_log`
  }
})

describe('the summary', () => {
  test.each([
    [null, null],
    [[1], null],
    [{}, null],
    [{ force: true, days_back: 3, end_date: null }, 'force: true, days_back: 3, end_date: null'],
    [{ symbols: ['1', '2', '3', '4', '5', '6'] }, 'symbols: 6 values'],
    [
      { webhook_url: 'https://x/secret', apiKey: 's', note: 'a\nb' },
      'webhook_url: (not shown), apiKey: (not shown), note: (3 characters)',
    ],
    [{ 'a\r\nb': 1 }, '?: 1'],
    [{ a: { b: { c: 1 } } }, 'a: { b: (more) }'],
  ])('of %j is %j', (fields, text) => {
    expect(summaryOf(fields)).toBe(text)
  })

  test('has an end', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field_${i}`, 'value']))
    expect(summaryOf(many)?.length).toBeLessThanOrEqual(300)
  })
})

describe('changes are limited', () => {
  test('per key: one that makes too many does not stop another, nor its own reading', async () => {
    const limited = clientOf(lab.app({ keys: CONFIGURED, changesPerMinute: 5 }))
    const change = (key: string) => limited.post('/api/runs', { job: 'nonsense' }, bearer(key))
    const statuses = []
    for (let i = 0; i < 7; i++) statuses.push((await change(KEYS.operator)).status)
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429])
    const refused = await change(KEYS.operator)
    expect(refused.body).toMatchObject({ code: 'too_many_changes' })
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThanOrEqual(1)
    expect(wait).toBeLessThanOrEqual(12)
    expect((await change(KEYS.admin)).status).toBe(400)
    expect((await limited.get('/api/runs', bearer(KEYS.operator))).status).toBe(200)
    // Those that were refused for their number fill no table.
    expect((await entries()).items.filter(({ actor }) => actor === 'the-operator')).toHaveLength(5)
  })

  test('per address where no key is needed', async () => {
    const { post } = clientOf(lab.app({ changesPerMinute: 2 }))
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await post('/api/sync/trigger', { symbols: ['?'] })).status)
    expect(statuses).toEqual([400, 400, 429])
  })
})
