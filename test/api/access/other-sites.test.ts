import { once } from 'node:events'
import { type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeServer, createServer } from '../../../api/server.ts'
import { type ApiLab, openApiLab } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/* Pages of other sites in a browser on this machine, against a service without keys and a run under way. */

let lab: ApiLab
let server: Server
let port: number
let runId: string

beforeAll(async () => {
  lab = await openApiLab()
  server = createServer(lab.app.fetch)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  const { body } = await lab.post<{ id: string }>('/api/runs', { job: 'stock_list' })
  runId = body.id
})
afterAll(async () => {
  await closeServer(server)
  await lab.close()
})

/** As a browser sends it: the name of the page's server in `Host`, the page in `Origin`. */
async function fromPage(
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  const asked = request({ host: '127.0.0.1', port, method, path, headers })
  asked.end(method === 'POST' || method === 'PUT' ? '{}' : undefined)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  return answer
}

const changes = (): [string, string][] => [
  ['POST', '/api/sync/trigger'],
  ['POST', '/api/runs'],
  ['POST', `/api/runs/${runId}/pause`],
  ['POST', `/api/runs/${runId}/resume`],
  ['POST', `/api/runs/${runId}/cancel`],
  ['POST', `/api/runs/${runId}/retry`],
  ['POST', '/api/keys'],
  ['POST', '/api/session'],
  ['DELETE', '/api/session'],
  ['PUT', '/api/sources/tushare'],
]

test.each([
  [
    'a name that leads here by DNS',
    () => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }),
  ],
  ['such a name without an origin', () => ({ host: 'evil.example' })],
  ['a page of another site', () => ({ host: `127.0.0.1:${port}`, origin: 'https://evil.example' })],
  ['a page of another port', () => ({ host: `localhost:${port}`, origin: 'http://localhost:3000' })],
  ['a page without an origin of its own', () => ({ host: `localhost:${port}`, origin: 'null' })],
  ['a form of another site', () => ({ host: `localhost:${port}`, 'sec-fetch-site': 'cross-site' })],
])('%s starts, steers and changes nothing', async (_, headers) => {
  const asJson = { ...headers(), 'content-type': 'application/json' }
  for (const [method, path] of changes())
    expect((await fromPage(method, path, asJson)).statusCode, `${method} ${path}`).toBe(403)
  // What forms and `fetch` without CORS may send without asking before.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
    expect(
      (await fromPage('POST', '/api/sync/trigger', { ...headers(), 'content-type': type })).statusCode,
    ).toBe(403)
  const runs = await lab.db.sql`select id, status, owner_epoch from sync_run`
  expect(runs).toEqual([{ id: runId, status: 'pending', owner_epoch: 1 }])
  const { historyLength, status } = await lab.client.workflow.getHandle(`sync/${runId}`).describe()
  expect({ historyLength, status: status.name }).toEqual({ historyLength: 2, status: 'RUNNING' })
  expect(await lab.db.sql`select from audit_log where path <> '/api/runs'`).toEqual([])
})

test('a name that leads here by DNS reads nothing either', async () => {
  expect((await fromPage('GET', '/api/runs', { host: 'evil.example' })).statusCode).toBe(403)
})

describe('who is named in the configuration', () => {
  let access: AccessLab
  beforeAll(async () => {
    access = await openAccessLab()
  })
  afterAll(() => access.close())

  test('hosts: by name, in any case, with any port', async () => {
    const app = access.app({ allowedHosts: ['sync.example.com', '2001:db8::1'] })
    const status = async (host: string) => (await app.request('/api/runs', { headers: { host } })).status
    for (const host of ['sync.example.com', 'Sync.Example.COM:8443', 'localhost', '[2001:db8::1]:8000'])
      expect(await status(host), host).toBe(200)
    for (const host of [
      'example.com',
      'a.sync.example.com',
      'sync.example.com.evil.example',
      'sync.example.com@evil.example',
      '[2001:db8::2]',
    ])
      expect(await status(host), host).toBe(403)
  })

  test('origins: their pages may call with a key and read the answer, others may not', async () => {
    const guest = 'https://charts.example.com'
    const app = access.app({ keys: CONFIGURED, corsOrigins: [guest] })
    const send = (origin: string, init: RequestInit = {}) =>
      app.request('/api/plan', {
        method: 'POST',
        body: '{"job":"nonsense"}',
        ...init,
        headers: {
          origin,
          'sec-fetch-site': 'cross-site',
          'content-type': 'application/json',
          ...bearer(KEYS.viewer),
        },
      })
    const preflight = await app.request('/api/plan', {
      method: 'OPTIONS',
      headers: { origin: guest, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization')
    const answer = await send(guest)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('access-control-allow-origin')).toBe(guest)
    // Else such a page could use the cookie of the console.
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    const other = await send('https://evil.example')
    expect(other.status).toBe(403)
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('without any, no page is told anything', async () => {
    const headers = { origin: 'https://charts.example.com' }
    const answer = await access.app().request('/api/runs', { headers })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})
