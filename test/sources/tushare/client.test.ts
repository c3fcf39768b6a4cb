import { gzipSync } from 'node:zlib'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { Fault } from '../../../local/replay/faults.ts'
import { createSandboxMarket } from '../../../local/replay/sandbox/market.ts'
import { startTushareReplay } from '../../../local/replay/tushare-server.ts'
import type { SourceError } from '../../../sources/errors.ts'
import {
  BAR_FIELDS,
  barCells,
  callFor,
  openSource,
  sourceErrorOf,
  TOKEN,
  withUpstream,
  type Reply,
} from './upstream.ts'

const MARKET = createSandboxMarket({ stocks: 30, years: 1 })
const LAST_DAY = '2026-11-20'

/** Everything that an error may end up in, as text. */
const allOf = (error: SourceError): string =>
  [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: 9, showHidden: true })].join(
    '\n',
  )

/** Asks the replay upstream for a day of bars while the faults happen. */
async function faced(faults: readonly Fault[], generation: 'classic' | '2026', timeoutMs = 5_000) {
  const replay = await startTushareReplay({ market: MARKET, token: TOKEN, faults, generation })
  const { source, context } = openSource(replay.url, timeoutMs)
  try {
    return await sourceErrorOf(source.fetch(callFor({ from: LAST_DAY, to: LAST_DAY }), context))
  } finally {
    await replay.close()
    await source.close()
  }
}

test.each([
  [{ kind: 'reset' }, 'Transient', /the connection failed \((ECONNRESET|UND_ERR_SOCKET)\)/],
  [{ kind: 'http_status', status: 502 }, 'Transient', /HTTP 502: <html>/],
  [{ kind: 'http_status', status: 503 }, 'Transient', /HTTP 503/],
  [{ kind: 'http_status', status: 404 }, 'Transient', /HTTP 404/],
  [{ kind: 'http_status', status: 403 }, 'Banned', /HTTP 403/],
  [{ kind: 'html' }, 'Transient', /the answer is not JSON: <!DOCTYPE html>/],
  [{ kind: 'truncated' }, 'Transient', /the answer is not JSON/],
  [{ kind: 'truncated', percent: 0 }, 'Transient', /the answer is not JSON/],
  [{ kind: 'hang', ms: 20 }, 'Transient', /the connection failed/],
  [{ kind: 'rate_limited' }, 'RateLimited', /500/],
  [{ kind: 'rate_limited', span: 'hour', limit: 1 }, 'RateLimited', /每小时最多访问该接口1次/],
  [{ kind: 'no_permission' }, 'PermissionDenied', /权限/],
  [{ kind: 'bad_token' }, 'AuthFailed', /您的token不对/],
  [{ kind: 'too_many_addresses' }, 'Banned', /IP数量超限/],
  [{ kind: 'missing_column', column: 'close' }, 'SchemaDrift', /the answer lacks close/],
  [{ kind: 'renamed_column', column: 'vol' }, 'SchemaDrift', /the answer lacks vol/],
] as const satisfies readonly (readonly [Fault, string, RegExp])[])(
  '%j on the wire becomes %s, in the words of both generations, without the token',
  async (fault, errorClass, words) => {
    for (const generation of ['classic', '2026'] as const) {
      const error = await faced([fault], generation)
      expect(error.errorClass).toBe(errorClass)
      expect(error.message).toMatch(words)
      expect(allOf(error)).not.toContain(TOKEN)
    }
  },
)

test('a refusal for the pace names its window and its number', async () => {
  const error = await faced([{ kind: 'rate_limited', limit: 200, span: 'minute' }], '2026')
  expect(error.details.limit).toEqual({ window: 'minute', calls: 200 })
})

/** An upstream that begins an answer and never ends it. */
const stalling: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"code":0,')
}

test.each([
  ['never answers', () => undefined],
  ['stops in the middle of an answer', stalling],
] satisfies [string, Reply][])('an upstream that %s is given up within the time limit', (_, reply) =>
  withUpstream(
    () => reply,
    async ({ source, context }) => {
      const started = performance.now()
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      const took = performance.now() - started
      expect([error.errorClass, error.details.upstreamMessage]).toEqual([
        'Transient',
        'no answer within 300 ms',
      ])
      expect(took).toBeGreaterThan(290)
    },
    300,
  ),
)

test('a cancelled call ends at once, and not as an error of the source', () =>
  withUpstream(
    () => stalling,
    async ({ client, asked }) => {
      const cancel = new AbortController()
      const call = client.call('daily', {}, '', cancel.signal)
      await expect.poll(() => asked.length).toBe(1)
      cancel.abort()
      await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    },
  ))

test('an upstream that refuses connections is down, with the code of the system', async () => {
  const replay = await startTushareReplay({ market: MARKET, token: TOKEN })
  await replay.close()
  const { source, context } = openSource(replay.url)
  const error = await sourceErrorOf(source.fetch(callFor(), context))
  await source.close()
  expect([error.errorClass, error.details.upstreamMessage]).toEqual([
    'SourceDown',
    'the connection failed (ECONNREFUSED)',
  ])
})

test.each([
  ['as a whole', (deep: string) => deep],
  ['in the place of the names', (deep: string) => `{"code":0,"data":{"fields":${deep},"items":[]}}`],
  ['in a cell', (deep: string) => `{"code":0,"data":{"fields":["ts_code"],"items":[[${deep}]]}}`],
])('an answer that is nested without end, %s, is no table', (_, answer) => {
  const depth = 100_000
  const deep = '['.repeat(depth) + ']'.repeat(depth)
  return withUpstream(
    () => (response) => response.end(answer(deep)),
    async ({ source, context }) => {
      const { errorClass, details } = await sourceErrorOf(source.fetch(callFor(), context))
      expect([errorClass, details.sample]).toEqual(['SchemaDrift', 'nested too deep to be shown'])
    },
  )
})

test('an answer of more rows than any interface gives is none', () =>
  withUpstream(
    () => ({ fields: ['ts_code'], items: Array.from({ length: 100_001 }, () => []) }),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.message).toContain('Transient: the answer has 100001 rows')
    },
  ))

test.each(['[]', '{}'])('an answer of nothing but %s is not read at all', (nothing) =>
  withUpstream(
    () => (response) =>
      response.end(`{"code":0,"data":{"fields":[],"items":[${`${nothing},`.repeat(3_000_000)}${nothing}]}}`),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.message).toContain('Transient: the answer is not JSON: {"code":0,')
    },
    60_000,
  ),
)

test('words that would steer a terminal, or that no table takes, are words no longer', () =>
  withUpstream(
    () => (response) => response.end(JSON.stringify({ code: 50101, msg: 'a\0b \u001b[31m red \ud800 end' })),
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.details.upstreamMessage).toBe('50101 a b  [31m red   end')
    },
  ))

test('an answer without end is cut off at the size limit', () =>
  withUpstream(
    () => (response) => {
      const block = Buffer.alloc(1024 * 1024, 0x20)
      const more = (): void => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    async ({ source, context }) => {
      const error = await sourceErrorOf(source.fetch(callFor(), context))
      expect(error.message).toContain('the answer is over 33554432 bytes')
    },
    30_000,
  ))

test.each([
  ['an array', '[]', 'SchemaDrift'],
  ['a number', '7', 'SchemaDrift'],
  ['no code', '{"msg":""}', 'SchemaDrift'],
  ['a code in quotes', '{"code":"0","data":{"fields":[],"items":[]}}', 'SchemaDrift'],
  ['no data', '{"code":0,"data":null}', 'SchemaDrift'],
  ['no items', '{"code":0,"data":{"fields":[]}}', 'SchemaDrift'],
  ['items that are no rows', '{"code":0,"data":{"fields":["ts_code"],"items":[null]}}', 'SchemaDrift'],
  ['nothing', '', 'Transient'],
  ['no UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 'Transient'],
  ['a body packed without being asked', gzipSync('{"code":0}'), 'Transient'],
] as const)('%s as an answer: an error, never an empty table', (_, body, errorClass) =>
  withUpstream(
    () => (response) => response.end(body),
    async ({ source, context }) => {
      expect((await sourceErrorOf(source.fetch(callFor(), context))).errorClass).toBe(errorClass)
    },
  ),
)

/** Every prefix of the token that is long enough to be worth something. */
const PIECES = Array.from({ length: TOKEN.length - 8 }, (_, i) => TOKEN.slice(0, 8 + i))

test.each([
  ['a page', (token: string) => `<html><body>${'bad request '.repeat(4)}${token}</body></html>`, 200],
  ['a gateway', (token: string) => `${'x'.repeat(70)}${token}`, 502],
  ['a refusal', (token: string) => JSON.stringify({ code: 40101, msg: `您的token不对 ${token}` }), 200],
  ['an answer of another form', (token: string) => JSON.stringify({ echo: token }), 200],
  [
    'a table of another form',
    (token: string) => JSON.stringify({ code: 0, data: { fields: [token], items: [[token]] } }),
    200,
  ],
] as const)(
  '%s that repeats the token does not bring it, whole or in part, into an error',
  (_, body, status) =>
    withUpstream(
      () => (response, request) => response.writeHead(status).end(body(request.token)),
      async ({ source, context }) => {
        const shown = allOf(await sourceErrorOf(source.fetch(callFor(), context)))
        expect(PIECES.filter((piece) => shown.includes(piece))).toEqual([])
      },
    ),
)

test('a request carries api, token, parameters and every field by name', () =>
  withUpstream(
    (request) => (response) =>
      response.end(
        JSON.stringify({ code: 50101, msg: JSON.stringify({ ...request, token: request.token === TOKEN }) }),
      ),
    async ({ source, context }) => {
      const error = await sourceErrorOf(
        source.fetch(callFor({ symbols: ['600000.SH', '000001.SZ'] }), context),
      )
      expect(JSON.parse(error.details.upstreamMessage.slice('50101 '.length))).toEqual({
        api_name: 'daily',
        token: true,
        params: { ts_code: '600000.SH,000001.SZ', trade_date: '20240102' },
        fields: BAR_FIELDS.join(','),
      })
    },
  ))

test('no request leaves before its slot is granted', () =>
  withUpstream(
    () => ({ fields: BAR_FIELDS, items: [barCells()] }),
    async ({ source, asked, context }) => {
      const refused = source.fetch(callFor(), {
        ...context,
        reserve: () => Promise.reject(new Error('no slot')),
      })
      await expect(refused).rejects.toThrow('no slot')
      expect(asked).toEqual([])
    },
  ))
