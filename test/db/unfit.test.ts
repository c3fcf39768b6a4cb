import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../config.ts'
import { openDatabase, type Sql } from '../../db/client.ts'
import { whyRefused, whyUnfit } from '../../db/unfit.ts'
import { DatabaseAwayError, SetupError } from '../../local/setup-error.ts'
import { startChecks } from '../../local/start-checks.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/* A database of the user's own that cannot be used is told before anything is started, with what to do. */

const ROLE = `reader_${randomBytes(4).toString('hex')}`

let db: TestDatabase
let admin: Sql

beforeAll(async () => {
  db = await createTestDatabase()
  admin = postgres(inject('adminUrl'), { max: 1, onnotice: () => undefined })
  await admin.unsafe(`create role ${ROLE} login password 'right'`)
})
afterAll(async () => {
  await db.drop()
  await admin.unsafe(`drop role ${ROLE}`)
  await admin.end()
})

/** An empty database; `as` is who comes, and `path` where to. */
async function emptyDatabase() {
  const name = `empty_${randomBytes(6).toString('hex')}`
  await admin.unsafe(`create database ${name}`)
  onTestFinished(async () => {
    await admin.unsafe(`drop database ${name} with (force)`)
  })
  return address({ path: `/${name}` })
}

function address({
  path,
  as,
  base = db.url,
}: {
  path?: string
  as?: [string, string]
  base?: string
}): string {
  const url = new URL(base)
  if (path !== undefined) url.pathname = path
  if (as !== undefined) [url.username, url.password] = as
  return url.toString()
}

async function judged(url: string, oldest?: number) {
  const open = openDatabase({ url, max: 1 })
  try {
    return await whyUnfit(open.sql, oldest).catch(whyRefused)
  } finally {
    await open.close()
  }
}

test('one that is empty and our own, or has our tables, is fit', async () => {
  expect(await judged(await emptyDatabase())).toBeNull()
  expect(await judged(db.url)).toBeNull()
})

test('an old server is told with its version', async () => {
  expect(await judged(db.url, 990_000)).toMatchObject({
    why: expect.stringMatching(/^PostgreSQL \d+\.\d+ is too old$/) as string,
    todo: 'use PostgreSQL 15 or newer',
  })
})

test('who may not make tables is told whom to ask for that', async () => {
  const url = address({ base: await emptyDatabase(), as: [ROLE, 'right'] })
  const reason = await judged(url)
  expect(reason?.why).toBe(`user "${ROLE}" may not make tables in it`)
  expect(reason?.todo).toContain(`owner to "${ROLE}"`)
})

test('who may not, or only, read our tables is told so', async () => {
  expect((await judged(address({ as: [ROLE, 'right'] })))?.why).toBe('its tables are not those of this user')
  await db.sql.unsafe(
    `grant usage on schema drizzle to ${ROLE}; grant select on drizzle.__drizzle_migrations to ${ROLE}`,
  )
  expect((await judged(address({ as: [ROLE, 'right'] })))?.why).toBe(`user "${ROLE}" may only read it`)
  await db.sql.unsafe(`grant select on sync_run to ${ROLE}`)
  expect((await judged(address({ as: [ROLE, 'right'] })))?.why).toBe(`user "${ROLE}" may only read it`)
})

test('a database that can only be read is told so', async () => {
  const url = await emptyDatabase()
  await admin.unsafe(
    `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`,
  )
  expect((await judged(url))?.why).toBe('it can only be read')
})

test('tables of another program with our names are named, and nothing is migrated into them', async () => {
  const url = await emptyDatabase()
  const theirs = postgres(url, { max: 1 })
  await theirs`create table bars (candy text)`
  await theirs.end()
  expect((await judged(url))?.why).toBe('it holds tables of another program (bars)')
})

test.each([
  [
    'a wrong password',
    () => address({ as: [ROLE, 'wrong'] }),
    /it refuses user or password.*correct them/,
    SetupError,
  ],
  ['a missing database', () => address({ path: '/nowhere' }), /no such database.*createdb/, SetupError],
  [
    'nobody who listens',
    () => 'postgres://a:b@127.0.0.1:9/x',
    /127\.0\.0\.1:9\/x.*ECONNREFUSED.*start it/,
    DatabaseAwayError,
  ],
])('%s ends a start before it has begun', async (_, url, message, kind) => {
  const checks = startChecks(loadConfig({ DATABASE_URL: url() }))
  const error: unknown = await checks.beforeServers().catch((refusal: unknown) => refusal)
  expect(error).toBeInstanceOf(kind)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message).not.toMatch(/wrong|right/)
})
