import { createServer, connect, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openDatabase } from '../../db/client.ts'
import { DatabaseError, isUniqueViolation, repeatOnConflict, withoutParameters } from '../../db/errors.ts'
import { migrateDatabase } from '../../db/migrate.ts'
import { insertRun } from '../../db/queries/runs.ts'
import { sourceBudget, syncLog } from '../../db/schema/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const SECRET = 'tok-that-must-not-be-seen-9ac3'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

/** Everything that the error which a promise ends with could show. */
async function shownBy(failing: PromiseLike<unknown>): Promise<{ error: unknown; text: string }> {
  const thrown: unknown = await failing.then(
    () => new Error('nothing failed'),
    (error: unknown) => error,
  )
  const error = withoutParameters(thrown)
  const text =
    inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String((error as Error).stack)
  return { error, text }
}

// --- errors

const budget = { source: SECRET, account: SECRET, api: SECRET }

test.each([
  [
    'a violated constraint',
    () => db.sql`insert into source_budget ${db.sql(budget)}`,
    '23505',
    'source_budget_source_account_api_pk',
  ],
  [
    'a violated constraint, through drizzle',
    () => db.orm.insert(sourceBudget).values(budget),
    '23505',
    'source_budget_source_account_api_pk',
  ],
  ['a value of the wrong type', () => db.sql`select ${SECRET}::text::int`, '22P02', null],
  [
    'a value of the wrong type, through drizzle',
    () => db.orm.insert(syncLog).values({ level: SECRET, message: SECRET, runId: SECRET }),
    '22P02',
    null,
  ],
  [
    'a parameter that the driver refuses',
    () => db.sql`select ${SECRET}::text, ${undefined as never}`,
    null,
    null,
  ],
  [
    'a parameter that the driver refuses, through drizzle',
    () => db.orm.insert(syncLog).values({ level: SECRET, message: SECRET, details: { big: 1n } }),
    null,
    null,
  ],
])('%s shows its code and its place, and none of its values', async (_, run, code, constraint) => {
  await db.sql`insert into source_budget ${db.sql(budget)} on conflict do nothing`
  const { error, text } = await shownBy((async () => run())())
  expect(text).not.toContain(SECRET)
  if (code !== null) expect(error).toMatchObject({ name: 'DatabaseError', code, constraint })
})

test('a violated lock is told from any other violation', async () => {
  const run = (id: string) => ({
    id,
    job: 'stock_list',
    params: {},
    lockKey: 'global',
    workflowId: 'w',
    requestId: null,
  })
  const first = '00000000-0000-0000-0000-00000000000a'
  expect(await insertRun(db, run(first))).toMatchObject({ status: 'pending' })
  expect(await insertRun(db, run('00000000-0000-0000-0000-00000000000b'))).toBeNull()
  await db.sql`update sync_run set status = 'success'`
  await expect(insertRun(db, run(first))).rejects.toMatchObject({
    code: '23505',
    constraint: 'sync_run_pkey',
  })
  expect(isUniqueViolation(new DatabaseError('23505', 'sync_run_pkey', null), 'sync_run_lock')).toBe(false)
})

test('an error that is none of the database passes as it is', () => {
  const error = new RangeError('ours')
  expect(withoutParameters(error)).toBe(error)
  expect(withoutParameters('text')).toBe('text')
})

test.each(['40P01', '40001'])('a transaction that lost with %s is repeated', async (code) => {
  let tries = 0
  const result = await repeatOnConflict(async () => {
    if (++tries < 4) throw new DatabaseError(code, null, null)
    return 'in'
  })
  expect([result, tries]).toEqual(['in', 4])
})

test('any other error is not repeated', async () => {
  let tries = 0
  const failing = repeatOnConflict(async () => {
    tries++
    throw new DatabaseError('23505', null, null)
  })
  await expect(failing).rejects.toThrow('PostgreSQL refused with 23505')
  expect(tries).toBe(1)
})

// --- types and sessions

test('dates stay text, counts are numbers, instants are in UTC', async () => {
  const [row] = await db.sql`
    select date '2024-01-02' as day, 9007199254740991::bigint as big, timestamptz '2024-01-02 08:00+08' as at, current_setting('TimeZone') as zone`
  expect(row).toEqual({
    day: '2024-01-02',
    big: Number.MAX_SAFE_INTEGER,
    at: '2024-01-02 00:00:00+00',
    zone: 'UTC',
  })
})

test('both pools speak with the same settings', async () => {
  const ask = `select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement`
  const [mine] = await db.sql.unsafe(ask)
  const [drizzles] = await db.orm.execute(ask)
  expect([mine, drizzles]).toEqual([
    { lock: '1min', statement: '10min' },
    { lock: '1min', statement: '10min' },
  ])
})

// --- connections

/** A way to the server that can be cut: whoever comes then is refused, as by a server that is being restarted. */
async function openProxy() {
  const target = new URL(inject('adminUrl'))
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const url = new URL(db.url)
  url.port = String(port)
  const cut = async () => {
    const closed = new Promise((done) => server.close(done))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { url, cut, mend: () => listen(port) }
}

test('a pool that lost its server fails without hanging and works again once the server is back', async () => {
  const proxy = await openProxy()
  const pool = openDatabase({ url: proxy.url.toString(), max: 2 })
  await pool.sql`select 1`
  await proxy.cut()
  for (let i = 0; i < 6; i++) {
    const { error } = await shownBy(pool.sql`select 1`)
    expect(error).toBeInstanceOf(DatabaseError)
  }
  await proxy.mend()
  const answers = await Promise.all(Array.from({ length: 4 }, (_, i) => pool.sql`select ${i}::int as i`))
  expect(answers.map(([row]) => row?.i as number)).toEqual([0, 1, 2, 3])
  await pool.close()
  await proxy.cut()
})

test('of several servers in the address the next one is tried', async () => {
  const url = new URL(db.url)
  // Port 1 of this machine: nobody listens there.
  const pool = openDatabase({ url: db.url.replace(url.host, `127.0.0.1:1,${url.host}`), max: 1 })
  expect(await pool.sql`select 1 as one`).toEqual([{ one: 1 }])
  await pool.close()
})

test('a COPY does not wait for the acknowledgement of its beginning', async () => {
  const copy = () =>
    db.sql.begin(async (tx) => {
      await tx`create temp table if not exists one (n int) on commit delete rows`
      const sink = await tx`copy one from stdin`.writable()
      await new Promise((done) => sink.end('1\n', done as () => void))
      await tx`select from one`
    })
  await copy()
  const times: number[] = []
  for (let i = 0; i < 20; i++) {
    const started = performance.now()
    await copy()
    times.push(performance.now() - started)
  }
  // Twice 40 ms each with Nagle's algorithm, a tenth of that without: on a busy machine for the fastest of them at least.
  expect(Math.min(...times)).toBeLessThan(60)
})

// --- migrations

test('migrations may run in several processes at once, and again', async () => {
  const name = `m_${process.pid}`
  const admin = postgres(inject('adminUrl'), { max: 1, onnotice: () => undefined })
  await admin.unsafe(`create database ${name}`)
  const url = new URL(inject('adminUrl'))
  url.pathname = `/${name}`
  await Promise.all([1, 2, 3].map(() => migrateDatabase(url.toString())))
  await migrateDatabase(url.toString())
  const migrated = postgres(url.toString(), { max: 1 })
  const [applied] = await migrated`
    select count(*)::int as n, count(distinct hash)::int as distinct from drizzle.__drizzle_migrations`
  const [locks] = await migrated`
    select count(*)::int as n from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`
  await migrated.end()
  await admin.unsafe(`drop database ${name} with (force)`)
  await admin.end()
  expect([applied?.n, locks?.n]).toEqual([applied?.distinct, 0])
})
