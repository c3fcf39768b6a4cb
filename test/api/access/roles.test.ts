import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RouteTable } from '../../../api/access/route-table.ts'
import { ROLES } from '../../../market/roles.ts'
import { clientOf } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/*
 * Walks every route that the app has, whoever added it: each has to say who may call it, and to keep the others out before
 * anything else is looked at. A new route without `...leastRole(…)` fails here.
 */

interface Route {
  method: string
  path: string
}

let lab: AccessLab
let app: ReturnType<AccessLab['app']>
let routes: Route[]
let table: RouteTable
const nameOf = ({ method, path }: Route) => `${method} ${path}`
const accessOf = (route: Route) => table.entries.get(nameOf(route))?.access

beforeAll(async () => {
  lab = await openAccessLab()
  app = lab.app({ keys: CONFIGURED })
  table = new RouteTable(app)
  const known = app.routes.filter(({ method, path }) => !(method === 'ALL' && /^\/?\*$/.test(path)))
  routes = [...new Map(known.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values()]
})
afterAll(() => lab.close())

/** Asks for a route, with something in the place of each parameter. */
async function ask({ method, path }: Route, headers: Record<string, string> = {}) {
  const url = path.replaceAll(/:\w+/g, '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90')
  const response = await app.request(url, { method, headers })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('every route says who may call it', () => {
  expect(routes.length).toBeGreaterThan(40)
  expect(routes.filter((route) => !accessOf(route)).map(nameOf)).toEqual([])
})

test('only what has to answer before anybody has shown a key is for anyone', () => {
  const open = routes.filter((route) => accessOf(route) === 'anyone').map(nameOf)
  // The console and the page that shows the OpenAPI document, with their assets: neither holds any data.
  expect(open.filter((name) => !/^GET \/(docs(\/|$)|console\/|$)/.test(name)).sort()).toEqual([
    'DELETE /api/session',
    'GET /api/session',
    'GET /healthz',
    'GET /openapi.json',
    'GET /readyz',
    'POST /api/session',
  ])
})

test('what changes something is not for viewers, except what only computes', () => {
  const changing = routes.filter(({ method }) => !['GET', 'HEAD'].includes(method))
  expect(changing.filter((route) => accessOf(route) === 'viewer').map(nameOf)).toEqual(['POST /api/plan'])
})

test('without a key, and with one that nobody has, every route but those for anyone answers 401', async () => {
  for (const route of routes.filter((one) => accessOf(one) !== 'anyone')) {
    const answer = await ask(route)
    expect(answer.status, nameOf(route)).toBe(401)
    expect(answer.headers.get('www-authenticate'), nameOf(route)).toBe('Bearer realm="ashare-sync"')
  }
  // The wrong ones are limited in number, so a few stand for all.
  for (const route of routes.filter((one) => accessOf(one) !== 'anyone').slice(0, 5))
    expect((await ask(route, bearer(`ask_${'A'.repeat(43)}`))).status, nameOf(route)).toBe(401)
})

test('HEAD asks for what GET asks for', async () => {
  const status = async (headers: Record<string, string>) =>
    (await app.request('/api/audit', { method: 'HEAD', headers })).status
  expect([await status({}), await status(bearer(KEYS.viewer)), await status(bearer(KEYS.admin))]).toEqual([
    401, 403, 200,
  ])
})

test('a key for less than a route needs gets 403, whatever else is wrong with the request', async () => {
  let asked = 0
  for (const [index, role] of ROLES.entries()) {
    for (const route of routes.filter((one) => ROLES.findIndex((r) => r === accessOf(one)) > index)) {
      const answer = await ask(route, bearer(KEYS[role]))
      expect(answer.status, `${role} ${nameOf(route)}`).toBe(403)
      expect(answer.text, nameOf(route)).toContain(`the key the-${role} is for a ${role}`)
      asked++
    }
  }
  expect(asked).toBeGreaterThan(20)
})

test('a key that is enough is let through to the route', async () => {
  const { get } = clientOf(app)
  for (const [role, path] of [
    ['viewer', '/api/runs'],
    ['operator', '/api/runs'],
    ['admin', '/api/audit'],
    ['admin', '/api/sources'],
  ] as const)
    expect((await get(path, bearer(KEYS[role]))).status, `${role} ${path}`).toBe(200)
})

test('a route that does not say is for admins only', async () => {
  const other = lab.app({ keys: CONFIGURED })
  other.get('/forgotten', (c) => c.text('here'))
  const status = async (key: string) => (await other.request('/forgotten', { headers: bearer(key) })).status
  expect([await status(KEYS.operator), await status(KEYS.admin)]).toEqual([403, 200])
})

test('a path that nothing is at is 404 for everybody, whatever the method', async () => {
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await ask({ method, path: '/api/nothing' })).status).toBe(404)
})

test('a method that a path does not have is 405 for everybody, with those that it has', async () => {
  const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  for (const path of new Set(routes.map((route) => route.path))) {
    const own = routes.filter((route) => route.path === path).map(({ method }) => method)
    const has = [...own, ...(own.includes('GET') ? ['HEAD'] : [])].sort()
    for (const method of METHODS.filter((each) => !has.includes(each)).slice(0, 2)) {
      const { status, headers, text } = await ask({ method, path })
      expect({ status, allow: headers.get('allow') }, `${method} ${path}`).toEqual({
        status: 405,
        allow: has.join(', '),
      })
      expect(text).toContain(`has ${has.join(', ')}, not ${method}`)
    }
  }
  const { headers, text } = await ask({ method: 'PATCH', path: '/api/runs' })
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(JSON.parse(text)).toMatchObject({ code: 'method_not_allowed', status: 405 })
  expect(JSON.parse((await ask({ method: 'GET', path: '/sync' })).text)).toEqual({
    success: false,
    message: '/sync has POST, not GET',
    data: null,
  })
})

test('a query parameter that a route does not know is refused on every route', async () => {
  for (const route of routes.filter((one) => accessOf(one) !== 'anyone' && one.method === 'GET')) {
    const path = `${route.path.replaceAll(/:\w+/g, '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90')}?nonsense=1`
    const response = await app.request(path, { headers: bearer(KEYS.admin) })
    expect(response.status, nameOf(route)).toBe(400)
    expect(await response.text(), nameOf(route)).toContain('nonsense: is not known here')
  }
})

describe('the OpenAPI document', () => {
  interface Operation {
    security: Record<string, string[]>[]
    responses: Record<string, { description: string }>
  }
  let paths: Record<string, Record<string, Operation>>
  let document: Record<string, unknown>

  beforeAll(async () => {
    const answer = await clientOf(app).get('/openapi.json')
    document = answer.body
    paths = document['paths'] as typeof paths
  })

  test('names the ways to show a key', () => {
    expect(document).toMatchObject({
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          session: { type: 'apiKey', in: 'cookie' },
        },
      },
    })
  })

  test('says of each route what it asks for and how it refuses', () => {
    for (const route of routes) {
      const operation = paths[route.path.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()]
      if (!operation) continue
      const access = accessOf(route)
      const texts = Object.values(operation.responses).map(({ description }) => description)
      const said = (code: string) => texts.some((text) => text.includes(`\`${code}\``))
      expect(operation.security.length > 0, nameOf(route)).toBe(access !== 'anyone')
      expect(said('key_missing'), nameOf(route)).toBe(access !== 'anyone')
      expect(said('role_too_small'), nameOf(route)).toBe(access === 'operator' || access === 'admin')
      expect(said('too_many_changes'), nameOf(route)).toBe(route.method !== 'GET')
      expect(operation.responses['403'], nameOf(route)).toBeDefined()
    }
  })
})
