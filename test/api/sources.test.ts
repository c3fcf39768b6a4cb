import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noteDenied, noteRateLimit, reserveSlot } from '../../db/budget.ts'
import { noteSuccess, noteTrouble } from '../../db/health.ts'
import { accountOf } from '../../market/account.ts'
import { Secret } from '../../market/secret.ts'
import type { SourceSettings } from '../../market/source-settings.ts'
import {
  forget,
  openSourcesLab,
  REFUSED,
  serviceWith,
  type Source,
  sourcesOf,
  type Status,
  STATUS,
  statusOf,
  TOKEN,
} from './sources-support.ts'
import type { ApiLab } from './support.ts'

/* What is shown of the sources. No worker: none is called. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openSourcesLab()
})
beforeEach(() => forget(lab))
afterAll(() => lab.close())

const NO_LIMITS = { perMinute: null, perHour: null, perDay: null, minIntervalMs: 0 }

const source = async (name: string) => (await lab.get<Source>(`/api/sources/${name}`)).body

describe('all three sources are shown', () => {
  test('those that can be asked by rank, the others last with what they lack', async () => {
    const shown = await sourcesOf(lab)
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
    const shown = await sourcesOf(lab)
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
    const answer = await serviceWith(lab, { environment }).get<Status>(STATUS)
    expect(answer.body.data.find((one) => one.name === name)?.description).toContain(words)
    expect(answer.text).not.toMatch(/hunter2|bs-1234567890|stored9b2f/)
  })

  test('one that the environment switches off says so, and which variable it was', async () => {
    const off = (s: SourceSettings) => ({ ...s, baostock: { ...s.baostock, priority: null } })
    const { body } = await serviceWith(lab, { environment: off }).get<Source>('/api/sources/baostock')
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
    const [first, second] = await sourcesOf(lab)
    expect(first).toMatchObject({ name: 'baostock', rank: 1, available: true })
    expect(second).toMatchObject({ name: 'akshare', rank: 2, available: false })
    expect(second?.rank_reason).toMatch(/^priority 2, but it rests for another \d+ s: HTTP 500$/)
    const ends = (second?.sites ?? []).map(({ resting_until }) => String(resting_until)).sort()
    expect(await statusOf(lab, 'akshare')).toMatchObject({ available: false, resting_until: ends[0] })
  })

  test('a rest that is over leaves the site to its next request', async () => {
    await noteTrouble(lab.db.sql, { source: 'baostock', site: 'server' }, { ...REFUSED, restSeconds: 0 })
    const shown = await source('baostock')
    expect(shown).toMatchObject({ available: true, rank: 2, rank_reason: 'priority 3' })
    expect(shown.sites).toMatchObject([{ state: 'half_open', resting_until: null, failures: 1 }])
  })

  test('many failures put a source behind the others unless it is pinned, and the reason says so', async () => {
    await lab.db.sql`insert into source_health (source, site, error_rate) values ('akshare', 'sina', 0.5)`
    expect((await sourcesOf(lab)).slice(0, 2).map(({ name, rank_reason }) => [name, rank_reason])).toEqual([
      ['baostock', 'priority 3'],
      ['akshare', 'priority 2, but 50 % of its recent calls failed'],
    ])
    await lab.put('/api/sources/akshare', { pinned: true })
    expect((await sourcesOf(lab))[0]).toMatchObject({ name: 'akshare', rank_reason: 'priority 2, pinned' })
  })

  test('answers bring latency and the time of the last success', async () => {
    await noteSuccess(lab.db.sql, { source: 'baostock', site: 'server' }, { calls: 1, latencyMs: 83.6 })
    const status = await statusOf(lab, 'baostock')
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
    const { get } = serviceWith(lab, { environment: real })
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
    const { data } = (await serviceWith(lab, { environment: withToken }).get<Status>(STATUS)).body
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
