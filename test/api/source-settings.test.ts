import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noteDenied } from '../../db/budget.ts'
import { noteTrouble } from '../../db/health.ts'
import { sealKey } from '../../db/sealed.ts'
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
  STATUS,
  statusOf,
  TOKEN,
} from './sources-support.ts'
import type { ApiLab } from './support.ts'

/* What may be set of the sources, and the tokens that are stored. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openSourcesLab()
})
beforeEach(() => forget(lab))
afterAll(() => lab.close())

const put = (name: string, patch: object) => lab.put<Source>(`/api/sources/${name}`, patch)

describe('what may be set', () => {
  test('only what is named changes, at once, and null gives it back to the environment', async () => {
    const first = await put('baostock', { priority: 1, calls_per_minute: 60 })
    expect(first).toMatchObject({ status: 200, body: { priority: 1, calls_per_minute: 60, rank: 1 } })
    const second = await put('baostock', { min_interval_ms: 250, calls_per_minute: null })
    expect(second.body).toMatchObject({ priority: 1, calls_per_minute: 0, min_interval_ms: 250 })
    expect((await sourcesOf(lab)).map(({ name }) => name)).toEqual(['baostock', 'akshare', 'tushare'])
    expect((await put('baostock', { priority: null })).body).toMatchObject({ priority: 3, rank: 2 })
  })

  test('a source that is switched off keeps its place for the day when it is on again', async () => {
    const off = await put('baostock', { enabled: false, priority: 1 })
    expect(off.body).toMatchObject({ enabled: false, available: false, priority: 1, rank: null })
    expect(off.body.rank_reason).toContain('switched off')
    expect((await statusOf(lab, 'baostock'))?.['available']).toBe(false)
    expect((await put('baostock', { enabled: true })).body).toMatchObject({ enabled: true, rank: 1 })
  })

  test('one that the environment switched off can be switched on', async () => {
    const off = (s: SourceSettings) => ({ ...s, baostock: { ...s.baostock, priority: null } })
    const service = serviceWith(lab, { environment: off })
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
    const service = serviceWith(lab, { environment: withToken })
    await service.put('/api/sources/tushare', { token: TOKEN })
    const { body } = await service.put<Source>('/api/sources/tushare', { token: null })
    expect(body.token).toEqual({ stored: false, source: 'environment', problem: null })
  })

  test('is refused without APP_SECRET, with what to do', async () => {
    const service = serviceWith(lab, { key: null })
    const answer = await service.put('/api/sources/tushare', { token: TOKEN })
    expect(answer).toMatchObject({ status: 409, body: { code: 'app_secret_missing' } })
    expect(answer.body['detail']).toContain('set APP_SECRET')
    expect(answer.text).not.toContain(TOKEN)
    expect((await service.put('/api/sources/tushare', { token: null, priority: 4 })).status).toBe(200)
  })

  test('that cannot be read says so, and what stands in for it', async () => {
    await put('tushare', { token: TOKEN })
    const key = sealKey(new Secret('another secret of this test'))
    const other = (await serviceWith(lab, { key }).get<Source>('/api/sources/tushare')).body
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
