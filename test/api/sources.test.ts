import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { createSourceReader } from '../../api/sources.ts'
import { noteDenied, noteRateLimit, reserveSlot } from '../../db/budget.ts'
import { noteSuccess, noteTrouble } from '../../db/health.ts'
import { sealKey } from '../../db/sealed.ts'
import { accountOf } from '../../market/account.ts'
import { Secret } from '../../market/secret.ts'
import type { SourceSettings } from '../../market/source-settings.ts'
import { type ApiLab, clientOf, openApiLab } from './support.ts'

/* What is shown of the sources and what may be set. No worker: none is called. */

const STATUS = '/api/sync/multi-source/sources/status'
const TOKEN = `stored${'9b2f'.repeat(12)}`
const KEY = sealKey(new Secret('a secret of this test, long enough'))

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab({ tushare: { token: undefined }, akshare: {}, baostock: {}, sealKey: KEY })
})
beforeEach(async () => {
  await lab.db.sql`truncate source_setting, source_health, source_budget`
})
afterAll(() => lab.close())

interface Site {
  site: string
  state: string
  resting_until: string | null
  failures: number
  error_class: string | null
  reason: string | null
  latency_ms: number | null
}
interface Source extends Record<string, unknown> {
  name: string
  enabled: boolean
  available: boolean
  priority: number | null
  token: { stored: boolean; source: string | null; problem: string | null }
  rank: number | null
  rank_reason: string
  sites: Site[]
  budgets: Record<string, unknown>[]
  capabilities: Record<string, unknown>[]
}
interface Status {
  success: boolean
  data: (Record<string, unknown> & { name: string; reason: string; description: string })[]
}

const sources = async () => (await lab.get<{ items: Source[] }>('/api/sources')).body.items
const source = async (name: string) => (await lab.get<Source>(`/api/sources/${name}`)).body
const put = (name: string, patch: object) => lab.put<Source>(`/api/sources/${name}`, patch)
const statusOf = async (name: string) =>
  (await lab.get<Status>(STATUS)).body.data.find((one) => one.name === name)

/** The service with another environment or key over the same database. */
function serviceWith(change: {
  environment?: (settings: SourceSettings) => SourceSettings
  key?: typeof KEY | null
}): ReturnType<typeof clientOf> {
  const { environment: settings } = lab
  const environment = change.environment?.(settings) ?? settings
  const key = change.key === undefined ? KEY : change.key
  const reader = createSourceReader({ sql: lab.db.sql, environment, key, onToken: () => undefined })
  return clientOf(createApp({ ...lab.api, sources: reader, sealKey: key }))
}

describe('all three sources are shown', () => {
  test('those that can be asked by rank, the others last with what they lack', async () => {
    const shown = await sources()
    expect(
      shown.map(({ name, rank, available, rank_reason }) => [name, rank, available, rank_reason]),
    ).toEqual([
      ['akshare', 1, true, 'priority 2'],
      ['baostock', 2, true, 'priority 3'],
      ['tushare', null, false, 'no token: set TUSHARE_TOKEN or store one'],
    ])
    expect(shown.map(({ name, precedence }) => [name, precedence])).toEqual([
      ['akshare', 3],
      ['baostock', 2],
      ['tushare', 1],
    ])
  })

  test('the seeds see the same order, with a number and words for each', async () => {
    const { data } = (await lab.get<Status>(STATUS)).body
    expect(data.map(({ name, priority, available, rank }) => [name, priority, available, rank])).toEqual([
      ['akshare', 2, true, 1],
      ['baostock', 3, true, 2],
      ['tushare', 1, false, null],
    ])
  })

  test('what a source can do is shown whether it is on or not', async () => {
    const shown = await sources()
    const bars = shown.map(({ name, capabilities }) => {
      const own = capabilities.find(({ dataset }) => dataset === 'bars')
      return [name, own?.['api'], own?.['exchanges'], own?.['by_symbols'], own?.['by_date']]
    })
    expect(bars).toEqual([
      [
        'akshare',
        'stock_zh_a_hist',
        ['SSE', 'SZSE', 'BSE'],
        { max_symbols: 1, row_cap: 100_000 },
        { max_dates: 1, row_cap: 100_000, reach: 'newest' },
      ],
      [
        'baostock',
        'query_history_k_data_plus',
        ['SSE', 'SZSE'],
        { max_symbols: 1, row_cap: 1_999 },
        { max_dates: 1, row_cap: 100_000, reach: 'sampled' },
      ],
      [
        'tushare',
        'daily',
        ['SSE', 'SZSE', 'BSE'],
        { max_symbols: 100, row_cap: 5_999 },
        { max_dates: 1, row_cap: 5_999, reach: 'history' },
      ],
    ])
  })

  const WORDS: [string, string, string, (settings: SourceSettings) => SourceSettings][] = [
    ['no token', 'tushare', '(no token: set TUSHARE_TOKEN or store one)', (s) => s],
    [
      'a token',
      'tushare',
      '(token from the environment)',
      (s) => ({ ...s, tushare: { ...s.tushare, token: new Secret(TOKEN) } }),
    ],
    [
      'no address',
      'akshare',
      '(no address: set AKTOOLS_URL)',
      (s) => ({ ...s, akshare: { ...s.akshare, url: undefined } }),
    ],
    [
      'an address with a password',
      'akshare',
      '(AKTools at tools.example:8080)',
      (s) => ({ ...s, akshare: { ...s.akshare, url: 'http://someone:hunter2@tools.example:8080' } }),
    ],
    ['no account', 'baostock', '(no account needed)', (s) => s],
    [
      'an API key',
      'baostock',
      '(token from the environment)',
      (s) => ({ ...s, baostock: { ...s.baostock, apiKey: new Secret('bs-1234567890') } }),
    ],
  ]
  test.each(WORDS)('with %s %s says %s', async (_, name, words, environment) => {
    const answer = await serviceWith({ environment }).get<Status>(STATUS)
    expect(answer.body.data.find((one) => one.name === name)?.description).toContain(words)
    expect(answer.text).not.toMatch(/hunter2|bs-1234567890|stored9b2f/)
  })

  test('one that the environment switches off says so, and which variable it was', async () => {
    const off = (s: SourceSettings) => ({ ...s, baostock: { ...s.baostock, priority: null } })
    const { body } = await serviceWith({ environment: off }).get<Source>('/api/sources/baostock')
    expect(body).toMatchObject({ enabled: false, available: false, priority: null, rank: null, budgets: [] })
    expect(body.rank_reason).toBe('switched off: BAOSTOCK_PRIORITY is empty')
  })
})

describe('what was measured', () => {
  test('one site that rests is named, and the source stays available', async () => {
    await noteTrouble(lab.db.sql, { source: 'akshare', site: 'eastmoney' }, REFUSED)
    const { sites, ...akshare } = await source('akshare')
    expect(akshare).toMatchObject({ available: true, rank: 1 })
    expect(akshare.rank_reason).toMatch(/^priority 2; eastmoney rests until 20\S+Z: HTTP 500$/)
    expect(sites.map(({ site, state, failures }) => [site, state, failures])).toEqual([
      ['eastmoney', 'resting', 1],
      ['sina', 'up', 0],
      ['exchanges', 'up', 0],
    ])
    expect(sites[0]).toMatchObject({ error_class: 'Transient', reason: 'HTTP 500', latency_ms: null })
  })

  test('a source whose sites all rest is not available and comes after those that do not', async () => {
    for (const site of ['eastmoney', 'sina', 'exchanges'])
      await noteTrouble(lab.db.sql, { source: 'akshare', site }, REFUSED)
    const [first, second] = await sources()
    expect(first).toMatchObject({ name: 'baostock', rank: 1, available: true })
    expect(second).toMatchObject({ name: 'akshare', rank: 2, available: false })
    expect(second?.rank_reason).toMatch(/^priority 2, but it rests for another \d+ s: HTTP 500$/)
    const ends = (second?.sites ?? []).map(({ resting_until }) => String(resting_until)).sort()
    expect(await statusOf('akshare')).toMatchObject({ available: false, resting_until: ends[0] })
  })

  test('a rest that is over leaves the site to its next request', async () => {
    await noteTrouble(lab.db.sql, { source: 'baostock', site: 'server' }, { ...REFUSED, restSeconds: 0 })
    const shown = await source('baostock')
    expect(shown).toMatchObject({ available: true, rank: 2, rank_reason: 'priority 3' })
    expect(shown.sites).toMatchObject([{ state: 'half_open', resting_until: null, failures: 1 }])
  })

  test('many failures put a source behind the others unless it is pinned, and the reason says so', async () => {
    await lab.db.sql`insert into source_health (source, site, error_rate) values ('akshare', 'sina', 0.5)`
    expect((await sources()).slice(0, 2).map(({ name, rank_reason }) => [name, rank_reason])).toEqual([
      ['baostock', 'priority 3'],
      ['akshare', 'priority 2, but 50 % of its recent calls failed'],
    ])
    await put('akshare', { pinned: true })
    expect((await sources())[0]).toMatchObject({ name: 'akshare', rank_reason: 'priority 2, pinned' })
  })

  test('answers bring latency and the time of the last success', async () => {
    await noteSuccess(lab.db.sql, { source: 'baostock', site: 'server' }, { calls: 1, latencyMs: 83.6 })
    const status = await statusOf('baostock')
    expect(status).toMatchObject({ latency_ms: 84 })
    expect(Math.abs(Date.now() - Date.parse(String(status?.['last_success_at'])))).toBeLessThan(60_000)
  })

  test('budgets count what was asked, by site where that is what is counted', async () => {
    const key = { source: 'akshare', account: 'address', api: 'eastmoney' }
    const limits = { perMinute: null, perHour: null, perDay: 200, minIntervalMs: 3_000 }
    const real = (s: SourceSettings) => ({
      ...s,
      akshare: { ...s.akshare, callsPerMinute: undefined, minIntervalMs: undefined },
    })
    const { get } = serviceWith({ environment: real })
    const asked = Date.now()
    await reserveSlot(lab.db.sql, key, limits)
    const { budgets } = (await get<Source>('/api/sources/akshare')).body
    expect(budgets.map((one) => [one['budget'], one['day'], one['calls_per_minute']])).toEqual([
      ['sina', { used: 0, limit: null, left: null }, 120],
      ['exchanges', { used: 0, limit: null, left: null }, 120],
      ['eastmoney', { used: 1, limit: 200, left: 199 }, 20],
    ])
    expect(Date.parse(String(budgets[2]?.['next_slot_at']))).toBeGreaterThan(asked)
    expect(budgets[0]?.['next_slot_at']).toBeNull()
  })

  test('refusals of the account are shown, and not those of an account before', async () => {
    const token = new Secret(TOKEN)
    const withToken = (s: SourceSettings) => ({ ...s, tushare: { ...s.tushare, token } })
    const own = { source: 'tushare', account: accountOf(token), api: 'adj_factor' }
    await noteDenied(lab.db.sql, own, 'no access to adj_factor')
    await noteDenied(lab.db.sql, { ...own, account: 'another', api: 'suspend_d' }, 'no access')
    await reserveSlot(lab.db.sql, { ...own, api: 'daily' }, NO_LIMITS)
    await noteRateLimit(
      lab.db.sql,
      { ...own, api: 'daily' },
      { window: 'minute', calls: 50, reason: 'too fast' },
    )
    const { data } = (await serviceWith({ environment: withToken }).get<Status>(STATUS)).body
    const tushare = data.find(({ name }) => name === 'tushare')
    const permissions = tushare?.['permissions'] as {
      api: string
      allowed: boolean | null
      message: unknown
    }[]
    const shown = permissions.map(({ api, allowed, message }) => [api, allowed, message])
    expect(shown).toEqual(expect.arrayContaining([['trade_cal', null, null]]))
    expect(shown.filter(([, allowed]) => allowed !== null)).toEqual([
      ['daily', true, null],
      ['adj_factor', false, 'no access to adj_factor'],
    ])
    const daily = (tushare?.['budgets'] as Record<string, unknown>[]).find(({ budget }) => budget === 'daily')
    expect(daily).toMatchObject({ learned: true, calls_per_minute: 48.5, blocked: { reason: 'too fast' } })
  })
})

const REFUSED = { errorClass: 'Transient', message: 'HTTP 500' } as const
const NO_LIMITS = { perMinute: null, perHour: null, perDay: null, minIntervalMs: 0 }

test('an interface that is refused is denied alone, where others are counted with it', async () => {
  const account = { source: 'baostock', account: 'anonymous' }
  await reserveSlot(lab.db.sql, { ...account, api: 'server' }, NO_LIMITS)
  await noteDenied(lab.db.sql, { ...account, api: 'query_adjust_factor' }, 'no right to it')
  const { permissions, budgets } = await source('baostock')
  expect(permissions).toEqual(
    expect.arrayContaining([
      { dataset: 'bars', api: 'query_history_k_data_plus', allowed: true, message: null },
      { dataset: 'adj_factor', api: 'query_adjust_factor', allowed: false, message: 'no right to it' },
    ]),
  )
  expect(budgets.map(({ budget }) => budget)).toEqual(['server'])
})

describe('what may be set', () => {
  test('only what is named changes, at once, and null gives it back to the environment', async () => {
    const first = await put('baostock', { priority: 1, calls_per_minute: 60 })
    expect(first).toMatchObject({ status: 200, body: { priority: 1, calls_per_minute: 60, rank: 1 } })
    const second = await put('baostock', { min_interval_ms: 250, calls_per_minute: null })
    expect(second.body).toMatchObject({ priority: 1, calls_per_minute: 0, min_interval_ms: 250 })
    expect((await sources()).map(({ name }) => name)).toEqual(['baostock', 'akshare', 'tushare'])
    expect((await put('baostock', { priority: null })).body).toMatchObject({ priority: 3, rank: 2 })
  })

  test('a source that is switched off keeps its place for the day when it is on again', async () => {
    const off = await put('baostock', { enabled: false, priority: 1 })
    expect(off.body).toMatchObject({ enabled: false, available: false, priority: 1, rank: null })
    expect(off.body.rank_reason).toContain('switched off')
    expect((await statusOf('baostock'))?.['available']).toBe(false)
    expect((await put('baostock', { enabled: true })).body).toMatchObject({ enabled: true, rank: 1 })
  })

  test('one that the environment switched off can be switched on', async () => {
    const off = (s: SourceSettings) => ({ ...s, baostock: { ...s.baostock, priority: null } })
    const service = serviceWith({ environment: off })
    const on = await service.put<Source>('/api/sources/baostock', { enabled: true })
    expect(on.body).toMatchObject({ enabled: true, available: true, rank: 2 })
  })

  test('nothing at all is refused, with what can be set', async () => {
    const detail = expect.stringMatching(/set one of enabled, priority, .*min_interval_ms/) as string
    expect(await put('akshare', {})).toMatchObject({ status: 400, body: { detail } })
  })

  test.each([
    ['an unknown field', 'tushare', { tokens: 'abcdefgh' }, /tokens: is not known/],
    ['a priority of 0', 'tushare', { priority: 0 }, /priority: /],
    ['a priority of 100', 'tushare', { priority: 100 }, /priority: /],
    ['half a priority', 'tushare', { priority: 1.5 }, /priority: /],
    ['text for a number', 'tushare', { calls_per_minute: '60' }, /calls_per_minute: expected number/],
    ['a negative pause', 'tushare', { min_interval_ms: -1 }, /min_interval_ms: /],
    ['no answer to pinned', 'tushare', { pinned: null }, /pinned: expected boolean/],
    ['an empty token', 'tushare', { token: ' ' }, /token: is too short/],
    ['two words', 'tushare', { token: 'my secret words' }, /token: must be one word/],
    ['a token of another kind', 'baostock', { token: 'not-a-key-of-it' }, /token: must be an API key/],
    [
      'a token for a source without accounts',
      'akshare',
      { token: 'abcdefgh' },
      /token: AKShare has no accounts/,
    ],
  ])('%s is refused, and the value is not repeated', async (_, name, patch, message) => {
    const answer = await put(name, patch)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(answer.body['detail']).toMatch(message)
    expect(answer.text).not.toMatch(/abcdefgh|secret words|not-a-key/)
    expect(await lab.db.sql`select 1 from source_setting`).toHaveLength(0)
  })

  test('a source that nobody knows is not found', async () => {
    for (const answer of [await lab.get('/api/sources/yahoo'), await put('yahoo', { enabled: true })])
      expect(answer).toMatchObject({ status: 404, body: { code: 'source_not_found' } })
  })
})

describe('a stored token', () => {
  test('switches its source on, wins over the environment, and is never shown', async () => {
    const answer = await put('tushare', { token: TOKEN })
    expect(answer).toMatchObject({ status: 200, body: { available: true, rank: 1 } })
    expect(answer.body.token).toEqual({ stored: true, source: 'database', problem: null })
    const status = await lab.get(STATUS)
    expect(status.text).toContain('(token from the database)')
    const [row] = await lab.db.sql`select source_setting::text as text from source_setting`
    for (const text of [answer.text, status.text, String(row?.['text'])]) expect(text).not.toContain(TOKEN)
    const { account } = (await lab.api.sources()).on.get('tushare') ?? {}
    expect(account).toBe(accountOf(new Secret(TOKEN)))
  })

  test('is removed by null, and the one of the environment is back', async () => {
    const withToken = (s: SourceSettings) => ({
      ...s,
      tushare: { ...s.tushare, token: new Secret('of-the-env') },
    })
    const service = serviceWith({ environment: withToken })
    await service.put('/api/sources/tushare', { token: TOKEN })
    const { body } = await service.put<Source>('/api/sources/tushare', { token: null })
    expect(body.token).toEqual({ stored: false, source: 'environment', problem: null })
  })

  test('is refused without APP_SECRET, with what to do', async () => {
    const service = serviceWith({ key: null })
    const answer = await service.put('/api/sources/tushare', { token: TOKEN })
    expect(answer).toMatchObject({ status: 409, body: { code: 'app_secret_missing' } })
    expect(answer.body['detail']).toContain('set APP_SECRET')
    expect(answer.text).not.toContain(TOKEN)
    expect((await service.put('/api/sources/tushare', { token: null, priority: 4 })).status).toBe(200)
  })

  test('that cannot be read says so, and what stands in for it', async () => {
    await put('tushare', { token: TOKEN })
    const key = sealKey(new Secret('another secret of this test'))
    const other = (await serviceWith({ key }).get<Source>('/api/sources/tushare')).body
    expect(other).toMatchObject({ available: false, token: { stored: true, source: null } })
    expect(other.token.problem).toContain('APP_SECRET is not the one')
    expect(other.rank_reason).toContain('no token: APP_SECRET is not the one')
  })

  test('is taken out of whatever an upstream said, also after it was replaced', async () => {
    await put('tushare', { token: TOKEN })
    await put('tushare', { token: `${TOKEN}2` })
    await noteTrouble(
      lab.db.sql,
      { source: 'tushare', site: 'server' },
      { ...REFUSED, message: `token=${TOKEN}` },
    )
    const account = accountOf(new Secret(`${TOKEN}2`))
    await noteDenied(lab.db.sql, { source: 'tushare', account, api: 'daily' }, `no access for ${TOKEN}2`)
    for (const path of ['/api/sources', '/api/sources/tushare', STATUS]) {
      const { text } = await lab.get(path)
      expect(text).toContain('token=[redacted]')
      expect(text).toContain('no access for [redacted]"')
      expect(text).not.toContain(TOKEN)
    }
  })
})
