import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { AktoolsClient } from '../../../sources/akshare/client.ts'
import { AkshareSource } from '../../../sources/akshare/source.ts'
import { history } from './rows.ts'
import { AT_ONCE, callFor, FRIDAY, granting, type Reply, sourceErrorOf, withBridge } from './upstream.ts'

const json = (status: number, body: unknown): Reply => ({ status, body: JSON.stringify(body) })

// Word for word, as AKTools 0.0.91 sends them.
const NO_DATA = { error: '该接口返回数据为空，请确认参数是否正确：https://akshare.akfamily.xyz' }
const NO_FUNCTION = {
  error:
    '未找到该接口，请升级 AKShare 到最新版本并在文档中确认该接口的使用方式：https://akshare.akfamily.xyz',
}
const KEY_ERROR = {
  error:
    "请输入正确的参数错误 'klines'，请升级 AKShare 到最新版本并在文档中确认该接口的使用方式：https://akshare.akfamily.xyz",
}
const SERVER_ERROR: Reply = { status: 500, body: 'Internal Server Error', type: 'text/plain; charset=utf-8' }

test.each<[string, Reply, string, RegExp]>([
  ['an empty frame', [], 'Transient', /empty answer: unknown code, block by the site or no data/],
  ['None', json(404, NO_DATA), 'Transient', /empty answer/],
  ['a function that it does not have', json(404, NO_FUNCTION), 'BadRequest', /AKShare is too old/],
  ['a KeyError inside', json(404, KEY_ERROR), 'SchemaDrift', /misses 'klines' in what the site answers/],
  ['any other exception', SERVER_ERROR, 'SourceDown', /the site may have blocked this address/],
  ['a login in front of it', json(401, { detail: 'Not authenticated' }), 'AuthFailed', /login/],
  ['a wall in front of it', json(403, { detail: 'Forbidden' }), 'AuthFailed', /login/],
  ['another service', json(404, { detail: 'Not Found' }), 'BadRequest', /does not seem to be AKTools/],
  ['a page that is not found', { status: 404, body: '<html>404</html>' }, 'BadRequest', /AKTOOLS_URL/],
  ['another method', json(405, { detail: 'Method Not Allowed' }), 'BadRequest', /HTTP 405/],
  ['a redirection', { status: 302, body: '' }, 'BadRequest', /HTTP 302/],
  ['a gateway without a bridge behind it', { status: 502, body: '<html>' }, 'Transient', /HTTP 502/],
  ['a gateway that waited too long', { status: 504, body: '' }, 'Transient', /HTTP 504/],
  ['a gateway that counts', { status: 429, body: '' }, 'RateLimited', /too many requests/],
  ['a page instead of rows', { status: 200, body: '<html>maintenance' }, 'SchemaDrift', /is not JSON/],
  ['half an answer', { status: 200, body: '[{"日期":"2024-01' }, 'SchemaDrift', /is not JSON/],
  ['nothing', { status: 200, body: '' }, 'SchemaDrift', /is not JSON/],
  ['an object', json(200, { data: [] }), 'SchemaDrift', /not a list of rows/],
  ['null', json(200, null), 'SchemaDrift', /not a list of rows/],
  ['rows as lists', json(200, [[1, 2]]), 'SchemaDrift', /not a list of rows/],
  ['a row that is null', json(200, [null]), 'SchemaDrift', /not a list of rows/],
  [
    'a connection that ends in the middle',
    (response) => {
      response.writeHead(200, { 'content-length': 1_000 })
      response.write('[{"a":')
      setImmediate(() => response.destroy())
    },
    'Transient',
    /the connection to AKTools failed/,
  ],
])('%s is told as what it is', (_, reply, errorClass, words) =>
  withBridge(
    () => reply,
    async ({ source, context, asked }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect([error.errorClass, error.message]).toEqual([errorClass, expect.stringMatching(words)])
      // The site is found by the function, and a second request would make a ban worse.
      expect(source.siteOf(error.details.api)).toBe('eastmoney')
      expect(asked).toHaveLength(1)
    },
  ),
)

test('an answer of another form keeps a sample of itself', () =>
  withBridge(
    () => ({ status: 200, body: `<html>${'x'.repeat(10_000)}` }),
    async ({ source, context }) => {
      const { details } = await sourceErrorOf(source.fetch(callFor(), context))
      expect(details.sample).toMatch(/^<html>x+$/)
      expect(details.sample?.length).toBe(4_000)
    },
  ))

test('an empty list of suspended companies is an answer, one of delisted companies is not', () =>
  withBridge(
    () => [],
    async ({ client, context }) => {
      const rows = await client.call('stock_info_sz_delist', { symbol: '暂停上市公司' }, context.signal)
      expect(rows).toEqual([])
      const error = await sourceErrorOf(
        client.call('stock_info_sz_delist', { symbol: '终止上市公司' }, context.signal),
      )
      expect(error.errorClass).toBe('Transient')
    },
  ))

test('a call that never returns ends at its limit, and the next one works', () =>
  withBridge(
    (_, nth) => (nth === 1 ? () => undefined : history(3, FRIDAY)),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.details).toMatchObject({ errorClass: 'Transient', timedOut: true })
      const answer = await source.fetch(callFor({ from: '2026-11-01' }), context)
      expect(answer.rows).toHaveLength(3)
    },
    // Long enough for the answer of the second call.
    { timeoutMs: 1_000 },
  ))

test('an answer that begins and does not end is a time-out as well', () =>
  withBridge(
    () => (response) => void response.write('[{"日期":'),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.details.timedOut).toBe(true)
    },
    { timeoutMs: 150 },
  ))

test('the whole market has a time limit of its own', () =>
  withBridge(
    () => () => undefined,
    async ({ client, context }) => {
      const error = await sourceErrorOf(client.call('stock_zh_a_spot_em', {}, context.signal))
      expect(error.message).toMatch(/within 120 ms/)
    },
    { timeoutMs: 60_000, pagesTimeoutMs: 120 },
  ))

test('who stops waiting gets that, and no error of the source', () =>
  withBridge(
    () => () => undefined,
    async ({ source, context }) => {
      const stop = new AbortController()
      const fetched = source.fetch(callFor(), { ...context, signal: stop.signal })
      const reason = new Error('cancelled')
      setImmediate(() => stop.abort(reason))
      await expect(fetched).rejects.toBe(reason)
    },
  ))

test('an answer above the limit of size is broken off', () =>
  withBridge(
    () => (response) => {
      const chunk = Buffer.alloc(1024 * 1024, 0x20)
      const more = (): void => {
        while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
      }
      more()
    },
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect([error.errorClass, error.message]).toEqual([
        'SchemaDrift',
        expect.stringMatching(/over 33554432 bytes/),
      ])
    },
  ))

test('a bridge that is not there is named, with the way to start it', async () => {
  const port = await closedPort()
  const client = new AktoolsClient({ url: `http://user:hidden@127.0.0.1:${port}`, timeoutMs: 5_000 })
  const source = new AkshareSource(client, AT_ONCE)
  try {
    const error = await sourceErrorOf(source.fetch(callFor(), granting()))
    expect(error.errorClass).toBe('SourceDown')
    expect(error.message).toContain(`nothing answers at http://127.0.0.1:${port} (AKTOOLS_URL; ECONNREFUSED)`)
    expect(error.message).toContain('pip install aktools && python -m aktools')
    expect(error.message).not.toContain('hidden')
  } finally {
    await source.close()
  }
})

test('a bridge below a path is reached there', () =>
  withBridge(
    () => history(1, FRIDAY),
    async ({ source, context, asked }) => {
      await source.fetch(callFor(), context)
      expect(asked[0]?.path).toBe('/ak/api/public/stock_zh_a_hist')
    },
    { prefix: '/ak' },
  ))

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}
