import { expect, test } from 'vitest'
import { startBaostockReplay } from '../../local/replay/baostock-server.ts'
import type { BaostockReplayOptions } from '../../local/replay/baostock-server.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { openConnection, requestBytes, withBaostock } from './baostock-client.ts'
import type { Connection } from './baostock-client.ts'
import { post } from './client.ts'

const market = createSandboxMarket({ stocks: 12, years: 1 })
const KEY = `bs-${'a'.repeat(30)}`

const codeOf = async (answer: ReturnType<Connection['ask']>): Promise<string> => (await answer).parts[0] ?? ''
const today = (connection: Connection) =>
  codeOf(connection.ask('98', 'query_daily_history_k_AStock', '2026-11-20'))

test('nothing is answered before the login, after the logout, or to another user', () =>
  withBaostock({ market }, async (connection, replay) => {
    const stranger = await openConnection(replay)
    expect((await stranger.ask('98', 'query_daily_history_k_AStock', '2026-11-20')).parts).toEqual([
      '10001001',
      '用户未登录',
    ])
    await stranger.close()
    expect(await today(connection)).toBe('0')
    const other = requestBytes('98', ['query_daily_history_k_AStock', 'somebody', '2026-11-20'])
    expect(await codeOf(connection.send(other))).toBe('10001001')
    const { parts } = await connection.send(requestBytes('02', ['logout', 'anonymous', '20261122123753']))
    expect([...parts.slice(0, 4), parts[4]?.length]).toEqual(['0', 'success', 'logout', 'anonymous', 17])
    expect(await today(connection)).toBe('10001001')
    await connection.login()
    expect(await today(connection)).toBe('0')
  }))

test.each([
  [['login', 'anonymous', '123456', '0'], '0'],
  [['login', 'anonymous', '123456', KEY], '0'],
  [['login', 'anonymous', '123456', `bs-${'b'.repeat(30)}`], '10001012'],
  [['login', 'anonymous', '654321', '0'], '10001002'],
  [['login', 'somebody', '123456', '0'], '10001002'],
  [['login', '', '123456', '0'], '10001008'],
  [['login', 'anonymous', '', '0'], '10001009'],
  [['login', 'anonymous', '123456'], '10004006'],
])('%j is answered with %s', (fields, code) =>
  withBaostock({ market, apiKeys: [KEY] }, async ({ send }, { stats }) => {
    expect(await codeOf(send(requestBytes('00', fields)))).toBe(code)
    expect(JSON.stringify(stats())).not.toContain(KEY)
  }),
)

const K_LINE = ['95', 'query_history_k_data_plus', 1, 10] as const

test.each([
  ['a code without its exchange', [...K_LINE, '600000', 'date', '', '', 'd', '3'], '10004011'],
  ['no code', [...K_LINE, '', 'date', '', '', 'd', '3'], '10004005'],
  ['a bad start', [...K_LINE, 'sh.600000', 'date', '20260101', '', 'd', '3'], '10004007'],
  ['a bad end', [...K_LINE, 'sh.600000', 'date', '', '2026-13-01', 'd', '3'], '10004008'],
  [
    'a start after the end',
    [...K_LINE, 'sh.600000', 'date', '2026-02-01', '2026-01-01', 'd', '3'],
    '10004009',
  ],
  ['an unknown field', [...K_LINE, 'sh.600000', 'date,ma5', '', '', 'd', '3'], '10004012'],
  ['a field of days for weeks', [...K_LINE, 'sh.600000', 'date,preclose', '', '', 'w', '3'], '10004012'],
  ['an unknown adjustment', [...K_LINE, 'sh.600000', 'date', '', '', 'd', '4'], '10004012'],
  ['an unknown frequency', [...K_LINE, 'sh.600000', 'date', '', '', 'y', '3'], '10004006'],
  ['a field twice', [...K_LINE, 'sh.600000', 'date,date', '', '', 'd', '3'], '10004018'],
  ['a parameter too few', [...K_LINE, 'sh.600000', 'date', '', '', 'd'], '10004006'],
  ['page 0', ['35', 'query_all_stock', 0, 10, '2026-11-20'], '10004006'],
  ['a bad date', ['35', 'query_all_stock', 1, 10, 'today'], '10004010'],
  ['a type that is no more', ['81', 'query_stock_concept', 1, 10], '10004020'],
] as const)('%s is refused', (_, request, code) =>
  withBaostock({ market }, async ({ ask }) => {
    const [type, method, ...params] = request
    const frame = await ask(type, method, ...params)
    expect([frame.type, frame.parts[0], frame.crcIsRight]).toEqual(['04', code, true])
  }),
)

test('the refusal of a field names it and the frequency', () =>
  withBaostock({ market }, async ({ ask }) => {
    const refused = await ask(...K_LINE, 'sh.600000', 'date,ma5', '', '', '5', '3')
    expect(refused.parts[1]).toBe('5分钟线指标参数传入错误:ma5')
  }))

test('a second connection at the same time is noticed, one after the other is not', async () => {
  const replay = await startBaostockReplay({ market })
  for (let i = 0; i < 20; i++) {
    const connection = await openConnection(replay)
    await connection.login()
    // The next one is opened before this side has heard of the end of the last.
    connection.socket.destroy()
  }
  expect(replay.stats().connections).toMatchObject({ total: 20, logins: 20, maxParallel: 1, offences: 0 })
  const [first, second] = [await openConnection(replay), await openConnection(replay)]
  expect([await codeOf(first.login()), await codeOf(second.login())]).toEqual(['0', '0'])
  expect(replay.stats().connections).toMatchObject({ open: 2, maxParallel: 2, offences: 1 })
  expect(
    replay
      .stats()
      .calls.slice(-2)
      .map((call) => call.connection),
  ).toEqual([21, 22])
  await Promise.all([first.close(), second.close()])
  await expect.poll(() => replay.stats().connections.open).toBe(0)
  await replay.close()
})

test('offenders come on the black list for a while', async () => {
  let now = Date.parse('2026-11-22T12:00:00+08:00')
  const rules: Partial<BaostockReplayOptions> = { blackListAfter: 2, blackListMs: 60_000, now: () => now }
  await withBaostock({ market, ...rules }, async (connection, replay) => {
    const others = [await openConnection(replay), await openConnection(replay)]
    // Only the second offence counts; by then three are open.
    expect((await connection.login()).parts).toEqual(['10001011', '黑名单用户，请与管理员联系'])
    expect(await today(connection)).toBe('10001011')
    expect(replay.stats().connections.blackListed).toEqual(['127.0.0.1'])
    await Promise.all(others.map((other) => other.close()))
    now += 59_999
    expect(await today(connection)).toBe('10001011')
    now += 1
    expect(await today(connection)).toBe('0')
    expect(replay.stats().byApi.query_daily_history_k_AStock).toMatchObject({
      ok: 1,
      other: { black_list: 2 },
    })
  })
})

test('a day has so many queries, pages included, until midnight in Beijing', async () => {
  let now = Date.parse('2026-11-22T23:59:00+08:00')
  await withBaostock({ market, dailyQuota: 3, now: () => now }, async ({ ask, login }) => {
    const page = (number: number) => codeOf(ask('35', 'query_all_stock', number, 5, '2026-11-20'))
    expect([await page(1), await page(2), await page(3), await page(4)]).toEqual(['0', '0', '0', '10001007'])
    expect(await codeOf(login())).toBe('0')
    now += 60_000
    expect(await page(1)).toBe('0')
  })
})

test.each([
  ['fin', 'fin'],
  ['reset', 'ECONNRESET'],
] as const)('a connection that rests too long ends with %s', (idleEnd, how) =>
  withBaostock({ market, idleMs: 400, idleEnd }, async (connection) => {
    expect(await connection.ended).toBe(how)
  }),
)

test('or it stays and has forgotten the login', () =>
  withBaostock({ market, idleMs: 400, idleEnd: 'logout' }, async (connection) => {
    await expect.poll(() => today(connection), { interval: 600, timeout: 5000 }).toBe('10001001')
    await connection.login()
    expect(await today(connection)).toBe('0')
  }))

test('control has a port of its own and tells of connections', () =>
  withBaostock({ market }, async (connection, { controlUrl, controlKey }) => {
    const headers = { 'x-replay-key': controlKey }
    expect((await fetch(`${controlUrl}/__replay/stats`)).status).toBe(403)
    const answer = await post(
      `${controlUrl}/__replay/faults`,
      { faults: [{ kind: 'system_error' }] },
      headers,
    )
    expect(answer.status).toBe(200)
    expect(await today(connection)).toBe('10005001')
    const stats = (await (await fetch(`${controlUrl}/__replay/stats`, { headers })).json()) as object
    expect(stats).toMatchObject({
      total: 2,
      connections: { open: 1, maxParallel: 1 },
      faults: [{ matched: 1, fired: 1 }],
      calls: [{ api: 'login' }, { api: 'query_daily_history_k_AStock', outcome: 'fault:system_error' }],
    })
    const wrong = await post(`${controlUrl}/__replay/faults`, { faults: [{ kind: 'http_status' }] }, headers)
    expect([wrong.status, await wrong.text()]).toEqual([
      400,
      expect.stringContaining('no such fault: http_status'),
    ])
  }))
