import { connect } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { callUrl, rowsOf, withAktools } from './aktools-client.ts'
import { smallMarket } from './aktools-market.ts'

/** What the wire does needs no large market. */
const withServer = (test: Parameters<typeof withAktools>[1]): Promise<void> =>
  withAktools({ market: smallMarket() }, test)

const HIST = '/api/public/stock_zh_a_hist'
const SERVER_ERROR = [500, 'text/plain; charset=utf-8', 'Internal Server Error']
const detail = (status: number, message: string) => [status, 'application/json', `{"detail":"${message}"}`]

const ask = async (url: string, init?: RequestInit): Promise<unknown[]> => {
  const response = await fetch(url, init)
  return [response.status, response.headers.get('content-type'), await response.text()]
}

const TOKEN_OK = [200, 'application/json', '{"access_token":"akshare","token_type":"bearer"}']

test.each([
  ['GET', '/nothing', detail(404, 'Not Found')],
  ['GET', '/api/public/', detail(404, 'Not Found')],
  ['GET', '/api/public/a/b', detail(404, 'Not Found')],
  ['POST', HIST, detail(405, 'Method Not Allowed')],
  ['PUT', '/openapi.json', detail(405, 'Method Not Allowed')],
  ['DELETE', '/version', detail(405, 'Method Not Allowed')],
  ['GET', '/auth/token', detail(405, 'Method Not Allowed')],
  ['GET', '/', SERVER_ERROR],
  ['GET', `${HIST}?timeout=10`, SERVER_ERROR],
  ['GET', '/api/private/stock_zh_a_hist', detail(401, 'Not authenticated')],
])('%s %s', (method, path, expected) =>
  withServer(async ({ url }) => expect(await ask(url + path, { method })).toEqual(expected)),
)

test('the private side wants the one token there is', () =>
  withServer(async ({ url }) => {
    const login = (body: string) => ask(`${url}/auth/token`, { method: 'POST', body })
    expect(await login('username=akshare&password=akfamily')).toEqual(TOKEN_OK)
    expect(await login('username=akshare&password=no')).toEqual(detail(400, 'Incorrect username or password'))
    expect((await login('username=akshare'))[0]).toBe(422)
    const path = callUrl(url, 'stock_zh_a_hist', { symbol: '600001' })
    const asBearer = (token: string) =>
      ask(path.replace('public', 'private'), { headers: { authorization: `Bearer ${token}` } })
    expect(await asBearer('akshare')).toEqual(await ask(path))
    expect(await asBearer('other')).toEqual(detail(401, 'Invalid authentication credentials'))
  }))

test('says its versions, and in its schema what it is', () =>
  withServer(async ({ url }) => {
    const [, , versions] = await ask(`${url}/version`)
    expect(JSON.parse(String(versions))).toEqual({
      ak_current_version: '1.19.5',
      ak_latest_version: '1.19.5',
      at_current_version: '0.0.91',
      at_latest_version: '0.0.91',
    })
    const [status, , schema] = await ask(`${url}/openapi.json`)
    expect(status).toBe(200)
    expect(schema).toContain('small market')
    expect(schema).toContain(HIST)
  }))

test('a slash too much leads back', () =>
  withServer(async ({ url }) => {
    const response = await fetch(`${url}${HIST}/?symbol=600001`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([307, `${url}${HIST}?symbol=600001`])
  }))

test('any page may read it, but not its 500s', () =>
  withServer(async ({ url }) => {
    const allowed = async (path: string) =>
      (await fetch(url + path, { headers: { origin: 'http://page' } })).headers.get(
        'access-control-allow-origin',
      )
    expect(await allowed(HIST)).toBe('http://page')
    expect(await allowed(`${HIST}?foo=1`)).toBeNull()
  }))

test('arguments that are left out have values of their own', () =>
  withAktools({}, async ({ url }) => {
    const symbol = '000001'
    const all = { symbol, period: 'daily', start_date: '19700101', end_date: '20500101', adjust: '' }
    const rows = await rowsOf(url, 'stock_zh_a_hist')
    expect(rows).toEqual(await rowsOf(url, 'stock_zh_a_hist', all))
    expect(rows[0]).toMatchObject({ 股票代码: symbol })
  }))

/** Sends a request and reads until the server ends the connection, or for as long as it stays open and is idle. */
const rawAnswer = async (url: string, path: string): Promise<string> => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  return text(socket)
}

test('the connection ends after a 500', () =>
  withServer(async ({ url }) => {
    const answer = await rawAnswer(url, `${HIST}?foo=1`)
    expect(answer).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/)
    expect(answer).toContain('content-length: 21\r\n')
    expect(answer).not.toMatch(/^connection:/im)
    expect(answer.endsWith('\r\n\r\nInternal Server Error')).toBe(true)
  }))
