import { OpenAPIHono } from '@hono/zod-openapi'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ApiEnv } from '../../api/deps.ts'
import { answerTable } from '../../api/tables/answer.ts'
import { createReads, KnownVersions } from '../../api/tables/reads.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/* A version is found out once for as long as nothing is written. */

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`create table note (line text)`
})
afterAll(() => db.drop())

test('every transaction that writes makes another snapshot, also one that began before', async () => {
  const versions = new KnownVersions(db.sql)
  const seen = [await versions.snapshot()]
  await db.sql.begin(async (older) => {
    await older`insert into note values ('older')`
    await db.sql`insert into note values ('newer')`
    seen.push(await versions.snapshot())
  })
  seen.push(await versions.snapshot())
  expect(new Set(seen).size).toBe(3)
})

test('a version is known for its question in its snapshot only', () => {
  const versions = new KnownVersions(db.sql)
  versions.keep('what', '1:1:', 'a')
  expect([
    versions.find('what', '1:1:'),
    versions.find('what', '1:2:'),
    versions.find('else', '1:1:'),
  ]).toEqual(['a', null, null])
})

test('the oldest of very many versions are forgotten', () => {
  const versions = new KnownVersions(db.sql)
  for (let i = 0; i < 1_500; i++) versions.keep(`question ${i}`, '1:1:', 'a')
  expect([versions.find('question 0', '1:1:'), versions.find('question 1499', '1:1:')]).toEqual([null, 'a'])
})

test('who has the version already is answered without opening the table', async () => {
  const reads = createReads(db.sql)
  let opened = 0
  const app = new OpenAPIHono<ApiEnv>()
  app.get('/', (c) =>
    answerTable(c, { log: pino({ level: 'silent' }), closing: new AbortController().signal }, reads, {
      name: 'table',
      open: async () => {
        opened++
        return { columns: [], version: 'v1', rows: async function* () {} }
      },
      about: {},
      format: 'json',
      isClosed: false,
    }),
  )
  const ask = async () => {
    const before = opened
    const { status } = await app.request('/', { headers: { 'if-none-match': '"v1.json"' } })
    return `${status}, opened ${opened - before}`
  }
  expect(await ask()).toBe('304, opened 1')
  // Tests beside this one write to other databases of the same server, which make another snapshot too.
  await expect.poll(ask, { interval: 1 }).toBe('304, opened 0')
})
