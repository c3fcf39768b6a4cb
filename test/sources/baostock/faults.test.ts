import { expect, test } from 'vitest'
import { ask, page, ROWS } from './asking.ts'
import { CALENDAR_DAY, type Reply, sourceErrorOf, withServer } from './upstream.ts'
import { compressedFrame } from './wire.ts'

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
        expect((await ask(lab)).rows.texts()).toEqual(ROWS)
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
    { totalMs: 150 },
    /no whole answer within 150 ms/,
  ],
] satisfies [string, Reply, object, RegExp][])(
  'a server that %s is given up in time',
  (_, reply, timeouts, message) =>
    withServer(
      (request) => (request.type === '00' ? undefined : reply),
      async (lab) => {
        const error = await sourceErrorOf(ask(lab))
        expect([error.errorClass, error.details.timedOut]).toEqual(['Transient', true])
        expect(error.message).toMatch(message)
        await expect.poll(() => lab.server.open).toBe(0)
      },
      { timeouts },
    ),
)

test('a server that takes connections and does not answer the login is left long before a query would be', () =>
  withServer(
    (request) => (request.type === '00' ? () => undefined : undefined),
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.timedOut]).toEqual(['Transient', true])
      expect(error.message).toContain('no answer within 80 ms')
      expect(lab.exclusive.isHeld).toBe(false)
    },
    { timeouts: { loginMs: 80 } },
  ))

test('where nobody listens the source is down, with the code of the system', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      await lab.server.close()
      const error = await sourceErrorOf(ask(lab))
      expect([error.errorClass, error.details.upstreamMessage]).toEqual([
        'SourceDown',
        'the connection failed (ECONNREFUSED)',
      ])
      expect(lab.exclusive.isHeld).toBe(false)
    },
  ))
