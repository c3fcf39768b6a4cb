import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropReader, makeReader, READABLE } from '../../db/reader-role.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { addBars, addStock } from './bars-support.ts'

/* Roles for users' own SQL. Roles are of the whole server: the names here are of this test alone. */

const NAME = `reader_${randomBytes(4).toString('hex')}`
let db: TestDatabase
let reader: postgres.Sql

const connect = (password: string): postgres.Sql => {
  const url = new URL(db.url)
  url.username = NAME
  url.password = password
  return postgres(url.toString(), { max: 1, onnotice: () => undefined })
}

beforeAll(async () => {
  db = await createTestDatabase()
  const id = await addStock(db.sql, ['600000.SH'])
  await addBars(db.sql, id, [{ date: '2024-01-02' }])
  reader = connect(await makeReader(db.sql, NAME))
})
afterAll(async () => {
  await reader.end({ timeout: 1 })
  await dropReader(db.sql, NAME).catch(() => undefined)
  await db.drop()
})

const codeOf = async (query: string): Promise<string> =>
  await reader.unsafe(query).then(
    () => 'ok',
    (error: unknown) => (error as { code: string }).code,
  )
const DENIED = '42501'

test('what it may read it can read', async () => {
  for (const table of READABLE)
    expect([table, await codeOf(`select * from ${table} limit 1`)]).toEqual([table, 'ok'])
  expect(await reader`select symbol, close from bars_best`).toMatchObject([
    { symbol: '600000.SH', close: '10' },
  ])
})

test('the examples of docs/sql.md run', async () => {
  const text = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8')
  const examples = [...text.matchAll(/```sql\n(.+?)```/gs)].map(([, sql = '']) => sql)
  expect(examples.length).toBeGreaterThan(3)
  for (const sql of examples) expect([sql, await codeOf(sql)]).toEqual([sql, 'ok'])
})

test('everything else is closed to it: keys, sessions, tokens, the audit log, runs', async () => {
  const tables = await db.sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition`
  const closed = tables
    .map(({ name }) => name)
    .filter((name) => !(READABLE as readonly string[]).includes(name))
  expect(closed).toEqual(
    expect.arrayContaining(['api_key', 'api_session', 'audit_log', 'source_setting', 'sync_run', 'sync_log']),
  )
  for (const name of closed)
    expect([name, await codeOf(`select * from ${name} limit 1`)]).toEqual([name, DENIED])
})

test('it changes nothing, also when it says that it wants to', async () => {
  expect(await codeOf('delete from bars')).toBe('25006')
  const writing = async (query: string) =>
    await codeOf(`begin read write; ${query}; commit`).finally(() => codeOf('rollback'))
  expect(await writing('delete from bars')).toBe(DENIED)
  expect(await writing('create table mine (a int)')).toBe(DENIED)
  expect(await writing('truncate bars')).toBe(DENIED)
})

test('it fills no temporary tables and takes none of the locks that keep writers apart; the service still does', async () => {
  const doors = [
    'create temporary table t (i int)',
    'select pg_advisory_lock(1)',
    'select pg_try_advisory_xact_lock_shared(1, 2)',
  ]
  for (const door of doors)
    expect([door, await codeOf(`set transaction read write; ${door}`)]).toEqual([door, DENIED])
  await db.sql.begin((tx) => tx`select pg_advisory_xact_lock(1, 2)`)
  await db.sql.begin((tx) => tx`create temporary table t (i int) on commit drop`)
})

test('its queries end by themselves', async () => {
  expect(await reader`select current_setting('statement_timeout') as value`).toEqual([{ value: '5min' }])
})

test('made again it has a new password, and only that', async () => {
  const again = connect(await makeReader(db.sql, NAME))
  expect(await again`select count(*)::int as n from bars`).toEqual([{ n: 1 }])
  await again.end({ timeout: 1 })
})

test('names of other roles, and what is no name, are refused', async () => {
  const [us] = await db.sql<{ owner: string }[]>`select current_user as owner`
  const owner = us?.owner ?? ''
  await expect(makeReader(db.sql, owner)).rejects.toThrow(/no reader: choose another/)
  await expect(dropReader(db.sql, owner)).rejects.toThrow(/no reader/)
  for (const name of ['a; drop role x', 'Analyst', '', 'pg_read', 'x'.repeat(40)])
    await expect(makeReader(db.sql, name)).rejects.toThrow(/no name for a reader/)
})

test('taken away it cannot come back, and is off at once', async () => {
  await dropReader(db.sql, NAME)
  await expect(reader`select 1`).rejects.toThrow()
  expect(await db.sql`select from pg_roles where rolname = ${NAME}`).toHaveLength(0)
})
