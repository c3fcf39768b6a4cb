import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../../market/secret.ts'
import { APIS } from '../../../sources/baostock/apis.ts'
import type { FetchContext } from '../../../sources/contract.ts'
import { CALENDAR_DAY, type Lab, type Reply, sourceErrorOf, withServer } from './upstream.ts'
import { compressedFrame, plainFrame } from './wire.ts'

const ask = ({ client, context }: Lab, differs: Partial<FetchContext> = {}) =>
  client.table(APIS.trade_dates, ['2024-01-02', '2024-01-02'], { ...context, ...differs })

const ROWS = CALENDAR_DAY.rows

test('requests share one connection and one login, one after the other', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      const tables = await Promise.all([ask(lab), ask(lab), ask(lab)])
      expect(tables.map((table) => table.rows)).toEqual([ROWS, ROWS, ROWS])
      expect(lab.server.log).toEqual(['1 login', ...Array<string>(3).fill('1 query_trade_dates')])
      // The login is counted by the server as well.
      expect(lab.reserved).toHaveLength(4)
      expect(lab.server.queries[0]).toEqual({
        type: '33',
        method: 'query_trade_dates',
        params: ['2024-01-02', '2024-01-02'],
        page: 1,
        pageRows: 2_000,
      })
    },
  ))

test('a request is not sent before the answer to the one before it', () => {
  let answer: (() => void) | undefined
  return withServer(
    (_, nth) => (nth === 1 ? (socket) => (answer = () => socket.write(page(1))) : CALENDAR_DAY),
    async (lab) => {
      const both = [ask(lab), ask(lab)]
      await expect.poll(() => lab.server.queries.length).toBe(1)
      await sleep(50)
      expect(lab.server.queries).toHaveLength(1)
      answer?.()
      await Promise.all(both)
      expect(lab.server.queries).toHaveLength(2)
    },
  )
})

/** The answer to `ask` as it stands on the wire. */
const page = (number: number, method = 'query_trade_dates', start = '2024-01-02'): Buffer =>
  plainFrame(
    '34',
    [
      ...['0', 'success', method, 'anonymous', String(number), '2000'],
      JSON.stringify({ record: ROWS }),
      ...[start, '2024-01-02', 'calendar_date, is_trading_day'],
    ].join('\x01'),
  )

const WRONG = page(1)
WRONG[30] = 0x78

test.each([
  ['closes in the middle of an answer', (s) => s.end(page(1).subarray(0, 60)), /server closed/],
  ['closes without an answer', (s) => s.end(), /server closed/],
  ['resets the connection', (s) => s.resetAndDestroy(), /ECONNRESET/],
  ['sends a wrong checksum', WRONG, /checksum/],
  ['sends what is no message', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /no header/],
  ['sends a broken zlib stream', brokenZip(), /inflated/],
  ['sends more than the answer', Buffer.concat([page(1), Buffer.from('0')]), /bytes behind/],
  ['sends two answers', Buffer.concat([page(1), page(1)]), /bytes behind/],
  ['answers another method', page(1, 'query_all_stock'), /query_trade_dates was asked, query_all_stock came/],
  ['answers another page', page(2), /page 1 was asked, page 2 came/],
  ['answers other parameters', page(1, 'query_trade_dates', '2023-01-02'), /"2024-01-02" was asked/],
] as const satisfies readonly (readonly [string, Reply, RegExp])[])(
  'a server that %s fails the request; the next one gets a new connection',
  (_, reply, message) =>
    withServer(
      (request, nth) => (nth === 1 ? reply : request.type === '33' ? CALENDAR_DAY : undefined),
      async (lab) => {
        const error = await sourceErrorOf(ask(lab))
        expect([error.errorClass, error.details.timedOut]).toEqual(['Transient', undefined])
        expect(error.message).toMatch(message)
        expect(lab.exclusive.isHeld).toBe(false)
        expect((await ask(lab)).rows).toEqual(ROWS)
        expect(lab.server.log.slice(2)).toEqual(['2 login', '2 query_trade_dates'])
      },
    ),
)

function brokenZip(): Buffer {
  const frame = compressedFrame('96', 'any text that is long enough to be squeezed')
  frame[40] = (frame[40] ?? 0) ^ 0xff
  return frame
}

test.each([
  ['never answers', () => undefined, { firstByteMs: 80 }, /no answer within 80 ms/],
  [
    'stops in the middle',
    (socket) => socket.write(page(1).subarray(0, 60)),
    { progressMs: 80 },
    /the answer stopped for 80 ms/,
  ],
  [
    'drips',
    (socket) => {
      const bytes = page(1)
      let at = 0
      const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 10)
      socket.on('close', () => clearInterval(timer))
    },
    { totalMs: 150, progressMs: 100 },
    /no whole answer within 150 ms/,
  ],
] satisfies [string, Reply, object, RegExp][])(
  'a server that %s is given up in time',
  (_, reply, timeouts, message) =>
    withServer(
      () => reply,
      async (lab) => {
        const started = performance.now()
        const error = await sourceErrorOf(ask(lab))
        expect([error.errorClass, error.details.timedOut]).toEqual(['Transient', true])
        expect(error.message).toMatch(message)
        expect(performance.now() - started).toBeLessThan(2_000)
        await expect.poll(() => lab.server.open).toBe(0)
      },
      { timeouts },
    ),
)

test('a server that nobody listens at is a hiccup with the code of the system', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      await lab.server.close()
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.upstreamMessage]).toEqual([
        'Transient',
        'the connection failed (ECONNREFUSED)',
      ])
      expect(lab.exclusive.isHeld).toBe(false)
    },
  ))

test('"not logged in" is answered with one new login on a new connection', () =>
  withServer(
    (request, nth) =>
      request.type === '33'
        ? nth === 1
          ? { code: '10001001', message: '用户未登录' }
          : CALENDAR_DAY
        : undefined,
    async (lab) => {
      expect((await ask(lab)).rows).toEqual(ROWS)
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates', '2 login', '2 query_trade_dates'])
      expect([lab.server.most, lab.exclusive.granted, lab.reserved.length]).toEqual([1, 1, 4])
    },
  ))

test('a second "not logged in" is given up', () =>
  withServer(
    (request) => (request.type === '33' ? { code: '10001001', message: '用户未登录' } : undefined),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.upstreamMessage]).toEqual(['Transient', '10001001 用户未登录'])
      expect(lab.server.log).toHaveLength(4)
    },
  ))

test('a black list ends it: those who wait are not sent into it, and no logout follows', () =>
  withServer(
    (request) =>
      request.type === '33' ? { code: '10001011', message: '黑名单用户，请与管理员联系' } : undefined,
    async (lab) => {
      const errors = await Promise.all([ask(lab), ask(lab), ask(lab)].map(sourceErrorOf))
      expect(errors.map((error) => error.errorClass)).toEqual(['Banned', 'Banned', 'Banned'])
      expect(errors[2]?.message).toContain('10001011 黑名单用户，请与管理员联系')
      await expect.poll(() => lab.server.open).toBe(0)
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates'])
      expect(lab.exclusive.isHeld).toBe(false)
      // Who comes later asks anew: how long to rest is decided above the source.
      await sourceErrorOf(ask(lab))
      expect(lab.server.log).toHaveLength(4)
    },
  ))

test('an exceeded quota is a limit of the day, and the session is ended politely', () =>
  withServer(
    (request) => (request.type === '33' ? { code: '10001007', message: '需要登录激活' } : undefined),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.limit]).toEqual(['RateLimited', { window: 'day', calls: null }])
      await lab.client.close()
      expect(lab.server.log.at(-1)).toBe('1 logout')
    },
  ))

test.each([
  ['10001002', '用户名或密码错误', 'AuthFailed'],
  ['10001004', '客户端版本号过期', 'SourceDown'],
  ['10001005', '账号登陆数达到上限', 'SourceDown'],
])('a login that is refused with %s %s is %s', (code, message, errorClass) =>
  withServer(
    (request) => (request.type === '00' ? { code, message } : undefined),
    async (lab) => {
      const errors = await Promise.all([ask(lab), ask(lab)].map(sourceErrorOf))
      expect(errors.map((error) => error.errorClass)).toEqual([errorClass, errorClass])
      expect(errors[0]?.message).toContain(`${code} ${message}`)
      // The second one, which waited, does not try the same login again.
      expect(lab.server.log).toEqual(['1 login'])
      expect(lab.exclusive.isHeld).toBe(false)
    },
  ),
)

// 29 characters and the one that checks them.
const KEY = `bs-${'0A'.repeat(14)}03z`.slice(0, 32)
const validKey = (payload: string): string => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const sum = Array.from(payload, (char) => alphabet.indexOf(char)).reduce((a, b) => a + b, 0)
  return `bs-${payload}${alphabet[sum % 62] ?? ''}`
}

test('an API key is sent as the option of the login and shown nowhere', () => {
  const key = validKey('01abcdefghijklmnopqrstuvwxyzA')
  return withServer(
    (request) => (request.type === '33' ? { code: '10001006', message: `用户权限不足 ${key}` } : undefined),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      const all = [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: 9 })].join('\n')
      expect(error.details.upstreamMessage).toBe('10001006 用户权限不足 [redacted]')
      expect(all).not.toContain(key)
      expect(lab.client.account).toMatch(/^[0-9a-f]{12}$/)
    },
    { settings: { apiKey: new Secret(key) } },
  )
})

test('a key that cannot be one is refused before anything is sent', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect(error.errorClass).toBe('AuthFailed')
      expect(error.message).toContain('10001012')
      expect(error.message).not.toContain(KEY)
      expect(lab.server.log).toEqual([])
    },
    { settings: { apiKey: new Secret(KEY) } },
  ))

test('a session without a request logs out and lets others connect', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      expect(lab.exclusive.isHeld).toBe(true)
      await expect.poll(() => lab.exclusive.isHeld).toBe(false)
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates', '1 logout'])
      await expect.poll(() => lab.server.open).toBe(0)
      await ask(lab)
      expect(lab.server.log.slice(3)).toEqual(['2 login', '2 query_trade_dates'])
    },
    { pace: { idleMs: 60 } },
  ))

test('a request that waits long for its slot does not count as idle', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      await ask(lab, { reserve: () => sleep(150) })
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates', '1 query_trade_dates'])
    },
    { pace: { idleMs: 50 } },
  ))

test('a session is renewed after so many requests', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      for (let i = 0; i < 5; i++) await ask(lab)
      expect(lab.server.log.filter((line) => line.endsWith('login'))).toEqual([
        '1 login',
        '2 login',
        '3 login',
      ])
      expect(lab.server.log.filter((line) => line.endsWith('logout'))).toEqual(['1 logout', '2 logout'])
      expect(lab.server.most).toBe(1)
    },
    // The login is one of them.
    { pace: { maxRequests: 3 } },
  ))

test('a session is renewed after so long a time', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      await sleep(60)
      await ask(lab)
      await ask(lab)
      expect(lab.server.log.map((line) => line.replace('query_trade_dates', 'asked'))).toEqual([
        '1 login',
        '1 asked',
        '1 asked',
        '1 logout',
        '2 login',
        '2 asked',
      ])
    },
    { pace: { maxAgeMs: 50 } },
  ))

test('a connection that the server closed while nothing was asked is replaced without an error', () => {
  let hangUp: (() => void) | undefined
  return withServer(
    (request) =>
      request.type === '33' ? CALENDAR_DAY : (socket) => ((hangUp ??= () => socket.end()), loginOn(socket)),
    async (lab) => {
      await ask(lab)
      hangUp?.()
      await expect.poll(() => lab.server.open).toBe(0)
      expect((await ask(lab)).rows).toEqual(ROWS)
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates', '2 login', '2 query_trade_dates'])
    },
  )
})

const loginOn = (socket: { write(bytes: Buffer): unknown }) =>
  socket.write(plainFrame('01', ['0', 'success', 'login', 'anonymous', '20261122123753150'].join('\x01')))

test('bytes that nobody asked for end the connection', () => {
  let speak: (() => void) | undefined
  return withServer(
    (request) =>
      request.type === '33'
        ? CALENDAR_DAY
        : (socket) => ((speak ??= () => socket.write(page(1))), loginOn(socket)),
    async (lab) => {
      await ask(lab)
      speak?.()
      await expect.poll(() => lab.server.open).toBe(0)
      expect((await ask(lab)).rows).toEqual(ROWS)
      expect(lab.server.log.at(-2)).toBe('2 login')
    },
  )
})

test('another worker gets its turn after the request at hand, once the session had its time', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      const other = lab.exclusive.acquire(new AbortController().signal)
      await ask(lab)
      expect(lab.server.log.at(-1)).toBe('1 query_trade_dates')
      await sleep(120)
      await ask(lab)
      expect(lab.server.log.at(-1)).toBe('1 logout')
      const hold = await other
      const waiting = ask(lab)
      await sleep(50)
      expect(lab.server.log.filter((line) => line === '2 login')).toEqual([])
      await hold.release()
      expect((await waiting).rows).toEqual(ROWS)
    },
    { pace: { shareAfterMs: 100 } },
  ))

test('who loses the right stops at once, in the middle of an answer', () =>
  withServer(
    (request, nth) => (request.type === '33' && nth > 1 ? CALENDAR_DAY : undefined),
    async (lab) => {
      const asking = sourceErrorOf(ask(lab))
      await expect.poll(() => lab.server.queries.length).toBe(1)
      lab.exclusive.lose()
      const error = await asking
      expect(error.errorClass).toBe('Transient')
      expect(error.message).toContain('another worker has the right')
      await expect.poll(() => lab.server.open).toBe(0)
      // No logout: whoever has the right now may be connected already.
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates'])
      expect((await ask(lab)).rows).toEqual(ROWS)
    },
  ))

test('who loses the right while nothing is asked has no connection either, and asks for the right anew', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      lab.exclusive.lose()
      await expect.poll(() => lab.server.open).toBe(0)
      expect((await ask(lab)).rows).toEqual(ROWS)
      expect(lab.exclusive.granted).toBe(2)
    },
  ))

test('an abort during a request ends it and its connection at once', () =>
  withServer(
    (request, nth) => (request.type === '33' && nth > 1 ? CALENDAR_DAY : undefined),
    async (lab) => {
      const cancel = new AbortController()
      const asking = ask(lab, { signal: cancel.signal })
      await expect.poll(() => lab.server.queries.length).toBe(1)
      cancel.abort()
      await expect(asking).rejects.toMatchObject({ name: 'AbortError' })
      expect(lab.exclusive.isHeld).toBe(false)
      await expect.poll(() => lab.server.open).toBe(0)
      expect((await ask(lab)).rows).toEqual(ROWS)
    },
  ))

test('an abort while others are served costs nobody else anything', () => {
  let answer: (() => void) | undefined
  return withServer(
    (request, nth) =>
      request.type !== '33'
        ? undefined
        : nth === 1
          ? (socket) => (answer = () => socket.write(page(1)))
          : CALENDAR_DAY,
    async (lab) => {
      const first = ask(lab)
      await expect.poll(() => lab.server.queries.length).toBe(1)
      const cancel = new AbortController()
      const second = ask(lab, { signal: cancel.signal })
      const third = ask(lab)
      cancel.abort()
      await expect(second).rejects.toMatchObject({ name: 'AbortError' })
      answer?.()
      expect((await first).rows).toEqual(ROWS)
      expect((await third).rows).toEqual(ROWS)
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates', '1 query_trade_dates'])
    },
  )
})

test('an abort while another worker is connected stops the waiting', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      const hold = await lab.exclusive.acquire(new AbortController().signal)
      const cancel = new AbortController()
      const asking = ask(lab, { signal: cancel.signal })
      await expect.poll(() => hold.wanted).toBe(true)
      cancel.abort()
      await expect(asking).rejects.toMatchObject({ name: 'AbortError' })
      expect([hold.wanted, lab.server.log]).toEqual([false, []])
      await hold.release()
    },
  ))

test('a slot that is not granted leaves the session as it is', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      const later = new Error('not before tomorrow')
      await expect(ask(lab, { reserve: () => Promise.reject(later) })).rejects.toBe(later)
      await ask(lab)
      expect(lab.server.log).toEqual(['1 login', '1 query_trade_dates', '1 query_trade_dates'])
    },
  ))

test('closing logs out; what is asked afterwards fails', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      await lab.client.close()
      expect(lab.server.log.at(-1)).toBe('1 logout')
      expect(lab.exclusive.isHeld).toBe(false)
      expect((await sourceErrorOf(ask(lab))).message).toContain('the source was closed')
      expect(lab.server.log).toHaveLength(3)
    },
  ))

test('closing gives up what is on the wire', () =>
  withServer(
    () => undefined,
    async (lab) => {
      const asking = sourceErrorOf(ask(lab))
      await expect.poll(() => lab.server.queries.length).toBe(1)
      await lab.client.close()
      expect((await asking).message).toContain('the source was closed')
      expect(lab.exclusive.isHeld).toBe(false)
    },
  ))
