import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase, type Sql } from '../../db/client.ts'
import { createLease, type LeaseHold } from '../../db/lease.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { programOf } from '../support/programs.ts'
import { tcpProxy } from './fixtures/tcp-proxy.ts'

let db: TestDatabase
let names = 0

beforeAll(async () => {
  db = await createTestDatabase()
  await db.sql`create table held (name text, who int, begun timestamptz, ended timestamptz)`
})
afterAll(() => db.drop())

const newName = (): string => `right ${++names}`
const never = new AbortController().signal

const TTL_MS = 3_000
const TERMS = { label: 'test', ttlMs: TTL_MS, renewMs: 300 }

const rowOf = async (name: string) => {
  const [row] = await db.sql<{ holder: string; label: string; left: number }[]>`
    select holder, label, (extract(epoch from until - clock_timestamp()) * 1000)::float8 as left
    from source_lease where name = ${name}`
  if (!row) throw new Error('nobody has ever held it')
  return row
}

/** A pool of its own, as another worker has it. */
const otherWorker = (url = db.url) => {
  const other = openDatabase({ url, max: 3, name: 'other worker' })
  onTestFinished(() => other.close())
  return other.sql
}

test('the row says who holds the right, and for half a minute', async () => {
  const name = newName()
  const hold = await createLease(db.sql, name, { label: 'worker 4711' }).acquire(never)
  const row = await rowOf(name)
  expect(row.label).toBe('worker 4711')
  expect(row.left).toBeGreaterThan(10_000)
  expect(row.left).toBeLessThanOrEqual(30_000)
  await hold.release()
})

// Who waits polls: where statements take long, a poll may find the right held again and again.
test('three workers take turns, never two at once, and none goes short', { retry: 3 }, async () => {
  const name = newName()
  const turns = 8
  const workers = [otherWorker(), otherWorker(), otherWorker()]
  // Connecting takes as long as several turns.
  for (const sql of workers) await sql`select 1`
  const work = async (sql: Sql, who: number): Promise<void> => {
    const lease = createLease(sql, name, TERMS)
    for (let turn = 0; turn < turns; turn++) {
      const hold = await lease.acquire(never)
      const [row] = await sql<{ at: string }[]>`select clock_timestamp() as at`
      await sleep(20)
      await sql`insert into held values (${name}, ${who}, ${row?.at ?? ''}, clock_timestamp())`
      await hold.release()
    }
  }
  await Promise.all(workers.map(work))
  const overlaps = await db.sql`
    select 1 from held a join held b on a.name = ${name} and b.name = ${name} and a.ctid <> b.ctid
      and tstzrange(a.begun, a.ended) && tstzrange(b.begun, b.ended)`
  expect(overlaps).toHaveLength(0)
  const order = await db.sql<{ who: number }[]>`select who from held where name = ${name} order by begun`
  expect(order).toHaveLength(3 * turns)
  // All three waited from the start.
  const firstHalf = order.slice(0, (3 * turns) / 2).map(({ who }) => who)
  expect(new Set(firstHalf).size).toBe(3)
})

test('who comes back at once lets those go first who wait already', async () => {
  const lease = createLease(db.sql, newName(), TERMS)
  const order: string[] = []
  const take = async (who: string): Promise<LeaseHold> => {
    const hold = await lease.acquire(never)
    order.push(who)
    return hold
  }
  const first = await take('first')
  const second = take('second').then((hold) => hold.release())
  await vi.waitFor(() => expect(first.wanted).toBe(true), { timeout: 20_000 })
  await first.release()
  await (await take('first again')).release()
  await second
  expect(order).toEqual(['first', 'second', 'first again'])
})

test('a holder sees that it is wanted within a renewal, and that nobody wants it any more', async () => {
  const lease = createLease(db.sql, newName(), TERMS)
  const hold = await lease.acquire(never)
  onTestFinished(() => hold.release())
  expect(hold.wanted).toBe(false)
  const waiter = new AbortController()
  const waiting = lease.acquire(waiter.signal)
  await vi.waitFor(() => expect(hold.wanted).toBe(true), { timeout: 20_000 })
  waiter.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  await vi.waitFor(() => expect(hold.wanted).toBe(false), { timeout: 20_000 })
  expect(hold.lost.aborted).toBe(false)
})

// On a machine that stands still for longer than the ttl the right is lost, as it should be.
test('a right that is renewed outlives its ttl many times', { retry: 3 }, async () => {
  const name = newName()
  const hold = await createLease(db.sql, name, { label: 'test', ttlMs: 600, renewMs: 100 }).acquire(never)
  onTestFinished(() => hold.release())
  const { holder } = await rowOf(name)
  const other = new AbortController()
  const waiting = createLease(otherWorker(), name, TERMS).acquire(other.signal)
  await Promise.race([sleep(2_500), waiting])
  other.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  expect((await rowOf(name)).holder).toBe(holder)
})

test('a right that somebody else has taken is lost at the next renewal, and stays theirs', async () => {
  const name = newName()
  const hold = await createLease(db.sql, name, TERMS).acquire(never)
  const thief = randomUUID()
  await db.sql`update source_lease set holder = ${thief} where name = ${name}`
  await vi.waitFor(() => expect(hold.lost.aborted).toBe(true), { timeout: 20_000 })
  expect(String(hold.lost.reason)).toContain('somebody else holds it')
  await hold.release()
  const { holder, left } = await rowOf(name)
  expect(holder).toBe(thief)
  expect(left).toBeGreaterThan(0)
})

test('a right that was given back is free at once, and giving it back twice takes it from nobody', async () => {
  const name = newName()
  const lease = createLease(db.sql, name, TERMS)
  const first = await lease.acquire(never)
  await first.release()
  expect(first.lost.aborted).toBe(false)
  const second = await lease.acquire(never)
  const { holder, left } = await rowOf(name)
  await first.release()
  expect((await rowOf(name)).holder).toBe(holder)
  expect(left).toBeGreaterThan(TTL_MS / 2)
  await second.release()
})

test('who gave up before its turn holds nothing', async () => {
  const name = newName()
  await expect(createLease(db.sql, name, TERMS).acquire(AbortSignal.abort())).rejects.toThrow()
  const hold = await createLease(db.sql, name, TERMS).acquire(never)
  await hold.release()
})

test('a holder that cannot reach the database stops before anybody else starts', async () => {
  const name = newName()
  const url = new URL(db.url)
  const proxy = await tcpProxy({ host: url.hostname, port: Number(url.port) })
  onTestFinished(() => proxy.close())
  url.port = String(proxy.port)
  const hold = await createLease(otherWorker(url.toString()), name, TERMS).acquire(never)
  const next = createLease(db.sql, name, TERMS).acquire(never)
  const lost = once(hold.lost, 'abort').then(() => performance.now())
  await vi.waitFor(() => expect(hold.wanted).toBe(true), { timeout: 20_000 })
  proxy.cut()
  const [lostAt, startedAt] = await Promise.all([lost, next.then(() => performance.now())])
  expect(String(hold.lost.reason)).toContain('could not be reached')
  expect(startedAt).toBeGreaterThan(lostAt)
  await (await next).release()
  await hold.release()
})

test('a holder that is killed keeps the next one waiting for its ttl at most', async () => {
  const name = newName()
  const program = await programOf('test/db/fixtures/lease-holder.ts')
  const child = spawn(process.execPath, [...program, db.url, name, String(TTL_MS), '300'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const next = createLease(db.sql, name, TERMS).acquire(never)
  expect((await rowOf(name)).label).toBe('child')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const killedAt = performance.now()
  await (await next).release()
  const waited = performance.now() - killedAt
  expect(waited).toBeGreaterThan(TTL_MS / 2)
  // The rest of the ttl and one poll; without an end of the ttl it would be for ever.
  expect(waited).toBeLessThan(TTL_MS + 20_000)
})
