import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ask, page, ROWS } from './asking.ts'
import { CALENDAR_DAY, type Lab, sourceErrorOf, withServer } from './upstream.ts'
import { plainFrame } from './wire.ts'

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
      await sleep(550)
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
    { pace: { maxAgeMs: 500 } },
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
      expect((await ask(lab)).rows.texts()).toEqual(ROWS)
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
      expect((await ask(lab)).rows.texts()).toEqual(ROWS)
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
      await sleep(550)
      await ask(lab)
      expect(lab.server.log.at(-1)).toBe('1 logout')
      const hold = await other
      const waiting = ask(lab)
      await sleep(50)
      expect(lab.server.log.filter((line) => line === '2 login')).toEqual([])
      await hold.release()
      expect((await waiting).rows.texts()).toEqual(ROWS)
    },
    { pace: { shareAfterMs: 500 } },
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
      expect((await ask(lab)).rows.texts()).toEqual(ROWS)
    },
  ))

test('who loses the right while nothing is asked has no connection either, and asks for the right anew', () =>
  withServer(
    (request) => (request.type === '33' ? CALENDAR_DAY : undefined),
    async (lab) => {
      await ask(lab)
      lab.exclusive.lose()
      await expect.poll(() => lab.server.open).toBe(0)
      expect((await ask(lab)).rows.texts()).toEqual(ROWS)
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
      expect((await ask(lab)).rows.texts()).toEqual(ROWS)
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
      expect((await first).rows.texts()).toEqual(ROWS)
      expect((await third).rows.texts()).toEqual(ROWS)
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

test.each([
  ['a slot', (lab: Lab) => ask(lab, { reserve: () => new Promise<void>(() => undefined) })],
  ['the right to connect', (lab: Lab) => ask(lab)],
])('closing does not wait for who waits for %s', (_, waiting) =>
  withServer(
    () => undefined,
    async (lab) => {
      const hold = await lab.exclusive.acquire(new AbortController().signal)
      const error = sourceErrorOf(waiting(lab))
      await lab.client.close()
      expect((await error).message).toContain('the source was closed')
      await hold.release()
    },
  ),
)
