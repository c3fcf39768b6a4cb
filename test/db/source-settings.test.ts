import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sealKey } from '../../db/sealed.ts'
import {
  AppSecretMissing,
  loadSourceSettings,
  saveSourceSetting,
  settingsVersion,
} from '../../db/source-settings.ts'
import { Secret } from '../../market/secret.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const TOKEN = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4'
const key = sealKey(new Secret('correct horse battery staple'))

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql`delete from source_setting`
})

const load = () => loadSourceSettings(db.sql, key)
const save = (patch: Parameters<typeof saveSourceSetting>[2], source: 'tushare' | 'baostock' = 'tushare') =>
  saveSourceSetting(db.sql, source, patch, key)

test('without a setting everything is as the environment says', async () => {
  expect(await load()).toEqual({})
  expect(await settingsVersion(db.sql)).toBe('')
})

test('what nobody has set stays with the environment', async () => {
  await save({ priority: 5 })
  expect((await load()).tushare).toEqual({
    enabled: null,
    priority: 5,
    pinned: false,
    token: null,
    tokenProblem: null,
    callsPerMinute: null,
    minIntervalMs: null,
    updatedAt: expect.closeTo(Date.now(), -5) as number,
  })
})

test('a change touches only what it names, and null gives it back to the environment', async () => {
  await save({ enabled: true, priority: 2, pinned: true, callsPerMinute: 100, minIntervalMs: 50 })
  await save({ enabled: false, callsPerMinute: null })
  expect((await load()).tushare).toMatchObject({
    enabled: false,
    priority: 2,
    pinned: true,
    callsPerMinute: null,
    minIntervalMs: 50,
  })
  await save({ enabled: null, pinned: false })
  expect((await load()).tushare).toMatchObject({ enabled: null, priority: 2, pinned: false })
})

test('a token comes back as a secret, and the table holds nothing of it', async () => {
  await save({ token: TOKEN })
  await save({ priority: 3 })
  const settings = await load()
  expect(settings.tushare?.token?.reveal()).toBe(TOKEN)
  expect(inspect(settings, { depth: 9 }) + JSON.stringify(settings)).not.toContain(TOKEN)
  const [row] = await db.sql<{ all: string }[]>`select to_jsonb(s)::text as all from source_setting s`
  expect(row?.all).not.toContain(TOKEN)
})

test('a token is removed by null and by nothing else', async () => {
  await save({ token: TOKEN })
  await save({ enabled: true })
  expect((await load()).tushare?.token).not.toBeNull()
  await save({ token: null })
  expect((await load()).tushare).toMatchObject({ token: null, tokenProblem: null, enabled: true })
})

test('a token is not stored without a secret, and the error says what to set', async () => {
  const saving = saveSourceSetting(db.sql, 'tushare', { token: TOKEN, priority: 1 }, null)
  await expect(saving).rejects.toThrow(AppSecretMissing)
  await expect(saving).rejects.toThrow('set APP_SECRET')
  expect(await load()).toEqual({})
})

test('without a secret everything but a token can be set', async () => {
  await save({ token: TOKEN })
  await saveSourceSetting(db.sql, 'tushare', { enabled: true, token: null }, null)
  expect((await load()).tushare).toMatchObject({ enabled: true, token: null })
})

test('a token that cannot be opened is a problem of its own: the rest still holds', async () => {
  await save({ token: TOKEN, priority: 4 })
  await save({ token: TOKEN }, 'baostock')
  await db.sql`update source_setting set sealed_token = (select sealed_token from source_setting where source = 'baostock') where source = 'tushare'`
  const settings = await load()
  expect(settings.tushare).toMatchObject({ token: null, priority: 4 })
  expect(settings.tushare?.tokenProblem).toContain('APP_SECRET is not the one')
  expect(settings.baostock?.token?.reveal()).toBe(TOKEN)
})

test('a stored token without a secret says so', async () => {
  await save({ token: TOKEN })
  const { tushare } = await loadSourceSettings(db.sql, null)
  expect(tushare).toMatchObject({ token: null })
  expect(tushare?.tokenProblem).toContain('APP_SECRET is not set')
})

test('the version changes with every change of any source, and with nothing else', async () => {
  const seen = new Set([await settingsVersion(db.sql)])
  for (const source of ['tushare', 'baostock', 'tushare', 'tushare'] as const) {
    await save({ priority: 1 }, source)
    seen.add(await settingsVersion(db.sql))
    seen.add(await settingsVersion(db.sql))
  }
  expect(seen.size).toBe(5)
})

test('a change that commits after a later one is seen as well', async () => {
  await save({ priority: 1 }, 'baostock')
  await db.sql`update source_setting set updated_at = now() + interval '1 hour'`
  const before = await settingsVersion(db.sql)
  await save({ priority: 1 }, 'tushare')
  expect(await settingsVersion(db.sql)).not.toBe(before)
})

test('a source that this version does not know is left alone', async () => {
  await db.sql`insert into source_setting (source, priority) values ('import', 1)`
  expect(await load()).toEqual({})
})

test('a value that the database refuses shows nothing of the token', async () => {
  const saving = save({ token: TOKEN, priority: 2 ** 40 })
  await expect(saving).rejects.toMatchObject({ name: 'DatabaseError', code: '22003' })
  const error: unknown = await saving.catch((e: unknown) => e)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('v1.')
})
