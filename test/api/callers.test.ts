import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { openDatabase } from '../../db/client.ts'
import { TEST_TOKEN } from '../support/lab.ts'
import { type ApiLab, clientOf, openApiLab } from './support.ts'

/* Under which names and from which pages the service answers, where a wrong path leads, and what no answer holds. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
})
afterEach(() => lab.clear())
afterAll(() => lab.close())

test('a path with a slash at its end leads to the one without, for who reads; never to another machine', async () => {
  const led = async (path: string, method = 'GET') => {
    const { status, headers } = await lab.app.request(path, { method })
    return [status, headers.get('location')]
  }
  expect(await led('/docs/')).toEqual([308, '/docs'])
  expect(await led('/api/runs/?limit=1', 'HEAD')).toEqual([308, '/api/runs?limit=1'])
  expect(await led('/api/sync/trigger/', 'POST')).toEqual([404, null])
  for (const path of ['//', '//example.org/', '/nothing/', '/.//example.org/', '/%2F%2Fexample.org/'])
    expect([path, ...(await led(path))]).toEqual([path, 404, null])
})

describe('who may call', () => {
  test.each([
    'evil.example',
    'evil.example:8000',
    '10.0.0.7:8000',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
  ])('not by the name %s', async (host) => {
    expect(await lab.get('/healthz', { host })).toMatchObject({ status: 403, body: { code: 'foreign_host' } })
  })

  test.each(['localhost', 'localhost:8000', '127.0.0.1:8000', '[::1]:8000'])(
    'by the name %s',
    async (host) => {
      expect((await lab.get('/healthz', { host })).status).toBe(200)
    },
  )

  test.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000', host: 'localhost:8000' },
    { 'sec-fetch-site': 'cross-site' },
  ])('changes are not taken from another site: %j', async (headers) => {
    const answer = await lab.post('/api/plan', { job: 'stock_list' }, headers)
    expect(answer).toMatchObject({ status: 403, body: { code: 'foreign_origin' } })
  })

  test('changes are taken from a page of this service; of other sites only links lead here', async () => {
    const own = { host: 'localhost:8000', origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' }
    expect((await lab.post('/api/plan', { job: 'stock_list' }, own)).status).toBe(200)
    const foreign = { 'sec-fetch-site': 'cross-site' }
    expect((await lab.get('/api/runs', { ...foreign, 'sec-fetch-mode': 'navigate' })).status).toBe(200)
    // A page that makes a browser load whole tables, without being able to read them.
    expect((await lab.get('/api/runs', { ...foreign, 'sec-fetch-mode': 'no-cors' })).status).toBe(403)
  })

  test('every answer carries the security headers and a request id of its own or the caller’s', async () => {
    for (const path of ['/healthz', '/api/runs', '/nothing']) {
      const { headers } = await lab.get(path, { 'x-request-id': 'bad id\u00e9' })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
})

describe('what never leaves', () => {
  test('neither statement nor parameters nor token when the database refuses or is away', async () => {
    const broken = openDatabase({ url: lab.db.url.replace(/\/t_\w+$/, '/no_such_database') })
    const away = openDatabase({ url: 'postgres://someone:hunter2@127.0.0.1:9/db' })
    for (const [db, status] of [
      [broken, 500],
      [away, 503],
    ] as const) {
      const { get, post } = clientOf(createApp({ ...lab.api, db }))
      const answers = [
        await post('/api/sync/trigger', { symbols: ['600000'], periods: ['daily'] }),
        await post('/api/runs', { job: 'stock_list' }),
        await get('/api/runs'),
        await get('/api/sync/status'),
        await get('/readyz'),
      ]
      for (const { text } of answers)
        expect(text).not.toMatch(/hunter2|select|insert|600000\.SH|no_such|stack|\.ts:/i)
      expect(answers.slice(0, 4).map((answer) => answer.status)).toEqual([status, status, status, status])
      await db.close()
    }
  })

  test('a token that an upstream’s failure carries is taken out', async () => {
    const { redact } = lab.api
    expect(redact(`token=${TEST_TOKEN} at postgres://u:p@h/db`)).toBe(
      'token=[redacted] at postgres://[redacted]@h/db',
    )
  })
})
