import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { closeServer, createServer, SERVER_LIMITS, type ServerLimits } from '../../../api/server.ts'
import { head, health, JSON_TYPE, listenTo, open, say, serve } from './sockets.ts'
import { type AccessLab, openAccessLab } from './support.ts'

/* What callers may do to the server itself: real sockets, and requests as no client would write them. */

let lab: AccessLab
beforeAll(async () => {
  lab = await openAccessLab()
})
afterAll(() => lab.close())

/** The service on a port of its own. */
const listen = (limits: Partial<ServerLimits> = {}, app = lab.app()) => serve(app, limits)

const runs = async () => (await lab.db.sql`select from sync_run`).length

test('TRACE, which no client library sends, is refused with what the path has', async () => {
  const { port } = await listen()
  const answer = await say(
    port,
    `TRACE /api/runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 405 /)
  expect(answer).toMatch(/^allow: GET, HEAD, POST\r$/im)
  expect(answer).toContain('"code":"method_not_allowed"')
})

describe('bodies', () => {
  test('of 10 MB are refused, announced or not, and the service goes on', async () => {
    const { port } = await listen()
    const announced = await say(port, head(port, JSON_TYPE, 'Content-Length: 10485760', 'Connection: close'))
    expect(announced).toMatch(/^HTTP\/1\.1 413 /)
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const streamed = await say(
      port,
      head(port, JSON_TYPE, 'Transfer-Encoding: chunked', 'Connection: close') +
        chunk.repeat(160) +
        '0\r\n\r\n',
    )
    expect(streamed).toMatch(/^HTTP\/1\.1 413 /)
    expect(await health(port)).toBe(200)
    expect(await runs()).toBe(0)
  })

  test('that never come to an end are given up, while others are served', async () => {
    const { port } = await listen({ headersMs: 1_000, requestMs: 1_000, checkMs: 50 })
    const slow = await open(port)
    slow.write(`${head(port, JSON_TYPE, 'Content-Length: 1000')}{"force":`)
    const said = listenTo(slow)
    expect(await health(port)).toBe(200)
    expect(await said).toMatch(/^(HTTP\/1\.1 408 |$)/)
    expect(await runs()).toBe(0)
    // Whoever goes away is no trouble of the service.
    expect(lab.logged()).not.toContain('a request failed')
  })
})

describe('bodies that come in parts', () => {
  test.each([
    ['a few bytes', 2],
    ['some packets', 20_000],
    ['many of them', 900_000],
  ])('are read whole: %s', async (_, length) => {
    const { port } = await listen()
    const socket = await open(port)
    const said = listenTo(socket)
    const body = `{"force":true,${' '.repeat(length)}"nonsense":1}`
    socket.write(head(port, JSON_TYPE, `Content-Length: ${body.length}`, 'Connection: close'))
    const parts = body.match(/.{1,50000}/gs) ?? []
    for (const part of [body.slice(0, 1), body.slice(1, 50_000), ...parts.slice(1)]) {
      await new Promise((sent) => socket.write(part, sent))
      // So that it is a packet of its own.
      await health(port)
    }
    const answer = await said
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('nonsense: is not known here')
  })

  test('and never whole are no changes of their address', async () => {
    const { port } = await listen({}, lab.app({ changesPerMinute: 1 }))
    const flood = await Promise.all(Array.from({ length: 20 }, () => open(port)))
    for (const socket of flood) socket.write(`${head(port, JSON_TYPE, 'Content-Length: 1000')}{`)
    await health(port)
    const ask = async () =>
      await say(port, `${head(port, JSON_TYPE, 'Content-Length: 14', 'Connection: close')}{"nonsense":1}`)
    expect(await ask()).toMatch(/^HTTP\/1\.1 400 /)
    expect(await ask()).toMatch(/^HTTP\/1\.1 429 /)
  })
})

describe('the rest of a body that was refused', () => {
  const REFUSED = (port: number) => head(port, JSON_TYPE, `Content-Length: ${64 * 1024 * 1024}`)

  test('is waited for until the time of the request is over: whoever is cut off comes again at once', async () => {
    const { port } = await listen({ headersMs: 800, requestMs: 800, checkMs: 20 })
    const began = performance.now()
    const said = await say(port, `${REFUSED(port)}{`)
    expect(said).toMatch(/^HTTP\/1\.1 413 /)
    // Counted by the server from the first byte, in whole milliseconds.
    expect(performance.now() - began).toBeGreaterThan(790)
  })

  test('has an end, and is no reason for the service not to end', async () => {
    const { port, server } = await listen()
    const endless = await open(port)
    const said = listenTo(endless)
    endless.write(REFUSED(port))
    const chunk = Buffer.alloc(65_536, 120)
    const send = (): void => {
      while (!endless.destroyed && endless.write(chunk));
    }
    endless.on('drain', send)
    send()
    expect(await said).toMatch(/^HTTP\/1\.1 413 /)
    expect(endless.bytesWritten).toBeLessThan(64 * 1024 * 1024)
    const slow = await open(port)
    slow.write(`${REFUSED(port)}{`)
    await once(slow, 'data')
    const began = performance.now()
    await closeServer(server)
    // What is cut is cut after ten seconds.
    expect(performance.now() - began).toBeLessThan(9_000)
  })

  test('leaves the connection to the next request once it has come', async () => {
    const { port } = await listen()
    const socket = await open(port)
    let text = ''
    socket.on('data', (part: Buffer) => (text += part.toString()))
    socket.write(head(port, JSON_TYPE, 'Content-Length: 2000000'))
    await expect.poll(() => text).toMatch(/^HTTP\/1\.1 413 /)
    socket.write(`${'x'.repeat(2_000_000)}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await expect.poll(() => text).toContain('HTTP/1.1 200 ')
  })
})

describe('heads', () => {
  test('that never come to an end are given up, and so are connections that say nothing', async () => {
    const { port } = await listen({ headersMs: 800, requestMs: 1_200, checkMs: 50 })
    const slow = await open(port)
    slow.write('GET /healthz HTTP/1.1\r\nHost: 127')
    const silent = await open(port)
    expect(await listenTo(slow)).toMatch(/^(HTTP\/1\.1 408 |$)/)
    await listenTo(silent)
    expect(await health(port)).toBe(200)
  })

  test.each([
    ['a carriage return in a header', (port: number) => head(port, 'X-Request-Id: a\rSet-Cookie: b=1'), 400],
    ['a header without a name', (port: number) => head(port, ': x'), 400],
    ['two lengths', (port: number) => head(port, 'Content-Length: 0', 'Content-Length: 5'), 400],
    [
      'a length and chunks',
      (port: number) => head(port, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['no host', () => 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['two hosts', (port: number) => head(port, 'Host: evil.example', 'Connection: close'), 403],
    [
      'two hosts, the right one last',
      () =>
        'POST /api/sync/trigger HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      403,
    ],
    ['headers of 20 KiB', (port: number) => head(port, `X-Long: ${'x'.repeat(20_000)}`), 431],
    ['another protocol', () => 'SSH-2.0-x\r\n\r\n', 400],
  ])('with %s', async (_, text, status) => {
    const { port } = await listen()
    expect(await say(port, text(port))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(await health(port)).toBe(200)
  })

  test('line ends in a query become no headers of the answer', async () => {
    const { port } = await listen()
    const path = '/api/nothing%0d%0aSet-Cookie:%20x=1?y=%0d%0aX-Evil:%201'
    const answer = await say(
      port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a%0d%0ab\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer.slice(0, answer.indexOf('\r\n\r\n'))).not.toMatch(/^(set-cookie|x-evil):/im)
  })
})

describe('connections', () => {
  // More at once than a listening socket holds in its queue would only make the test slow.
  const LIMIT = 100

  test('four times too many that say nothing keep nobody out', async () => {
    const { port, server } = await listen({ connections: LIMIT })
    const flood = await Promise.all(Array.from({ length: LIMIT * 4 }, () => open(port)))
    // A socket that nobody reads does not see its end.
    for (const socket of flood) socket.resume()
    for (let i = 0; i < 20; i++) expect(await health(port)).toBe(200)
    await expect.poll(() => flood.filter((socket) => socket.closed).length).toBeGreaterThanOrEqual(LIMIT * 3)
    const count = await new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
    expect(count).toBeLessThanOrEqual(LIMIT)
  })

  test('nor do those that send their requests for ever', async () => {
    const { port } = await listen({ connections: LIMIT })
    const start = `${head(port, JSON_TYPE, 'Content-Length: 1000')}{`
    const flood = await Promise.all(
      Array.from({ length: LIMIT * 2 }, async () => {
        const socket = await open(port)
        socket.write(start)
        return socket
      }),
    )
    expect(await health(port)).toBe(200)
    await expect.poll(() => flood.filter((socket) => socket.closed).length).toBeGreaterThan(0)
  })

  test('whoever was answered once keeps the connection among any number of them', async () => {
    const { port } = await listen({ connections: 20 })
    const known = await open(port)
    let text = ''
    known.on('data', (part: Buffer) => (text += part.toString()))
    const ask = async (times: number) => {
      known.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await expect.poll(() => text.match(/HTTP\/1\.1 200 /g)?.length).toBe(times)
    }
    await ask(1)
    const silent = await Promise.all(Array.from({ length: 60 }, () => open(port)))
    for (const socket of silent) socket.resume()
    await ask(2)
    const refused = await Promise.all(Array.from({ length: 60 }, () => open(port)))
    for (const socket of refused) {
      socket.write(`${head(port, JSON_TYPE, 'Content-Length: 5000000')}{`)
      socket.resume()
    }
    await ask(3)
    await expect.poll(() => [...silent, ...refused].filter(({ closed }) => !closed).length).toBe(19)
    await ask(4)
  })

  test('whoever waits for an answer keeps the connection', async () => {
    let answer = (): void => undefined
    const released = new Promise<void>((resolve) => (answer = resolve))
    const server = createServer(() => released.then(() => new Response('at last')), {
      ...SERVER_LIMITS,
      connections: 10,
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => closeServer(server))
    const { port } = server.address() as AddressInfo
    const waiting = Array.from({ length: 5 }, () => fetch(`http://127.0.0.1:${port}/`).then((r) => r.text()))
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))).toBe(5)
    await Promise.all(Array.from({ length: 50 }, () => open(port)))
    answer()
    expect(await Promise.all(waiting)).toEqual(Array<string>(5).fill('at last'))
    server.closeAllConnections()
  })
})

test('the address of a caller is that of the connection, whatever a header says', async () => {
  const { port } = await listen()
  const answer = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/api/runs',
    headers: { 'x-forwarded-for': '203.0.113.9', 'content-type': 'application/json' },
  })
  answer.end('{"job":"nonsense"}')
  await once(answer, 'response')
  const [row] = await lab.db.sql`select address, actor from audit_log order by id desc limit 1`
  expect(row).toEqual({ address: '127.0.0.1', actor: 'local' })
})
