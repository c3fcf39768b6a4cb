import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../../market/secret.ts'
import { ask, page, ROWS } from './asking.ts'
import { CALENDAR_DAY, sourceErrorOf, withServer } from './upstream.ts'

test('requests share one connection and one login, one after the other', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      const tables = await Promise.all([ask(lab), ask(lab), ask(lab)])
      expect(tables.map((table) => table.rows.texts())).toEqual([ROWS, ROWS, ROWS])
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

test('"not logged in" is answered with one new login on a new connection', () =>
  withServer(
    (request, nth) =>
      request.type === '33'
        ? nth === 1
          ? { code: '10001001', message: '用户未登录' }
          : CALENDAR_DAY
        : undefined,
    async (lab) => {
      expect((await ask(lab)).rows.texts()).toEqual(ROWS)
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

const validKey = (payload: string): string => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const sum = Array.from(payload, (char) => alphabet.indexOf(char)).reduce((a, b) => a + b, 0)
  return `bs-${payload}${alphabet[sum % 62] ?? ''}`
}

const KEY = validKey('01abcdefghijklmnopqrstuvwxyzA')
const NO_KEY = `${KEY.slice(0, -1)}${KEY.endsWith('0') ? '1' : '0'}`

test('an API key is sent as the option of the login and shown nowhere', () => {
  const sent: string[] = []
  return withServer(
    (request) => {
      if (request.type === '33') return { code: '10001006', message: `用户权限不足 ${KEY}` }
      if (request.type === '00') sent.push(...request.params)
      return undefined
    },
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      const all = [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: 9 })].join('\n')
      expect(sent).toEqual(['123456', KEY])
      expect(error.details.upstreamMessage).toBe('10001006 用户权限不足 [redacted]')
      expect(all).not.toContain(KEY)
      expect(lab.client.account).toMatch(/^[0-9a-f]{12}$/)
    },
    { settings: { apiKey: new Secret(KEY) } },
  )
})

test('a key that cannot be one is refused before anything is sent', () =>
  withServer(
    () => CALENDAR_DAY,
    async (lab) => {
      const error = await sourceErrorOf(ask(lab))
      expect(error.errorClass).toBe('AuthFailed')
      expect(error.message).toContain('10001012')
      expect(error.message).not.toContain(NO_KEY)
      expect(lab.server.log).toEqual([])
    },
    { settings: { apiKey: new Secret(NO_KEY) } },
  ))
