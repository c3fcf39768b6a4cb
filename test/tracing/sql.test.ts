import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../db/client.ts'
import { syncRun } from '../../db/schema/index.ts'
import { createTracing } from '../../tracing/otel.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { openReceiver, type Receiver } from './receiver.ts'

let receiver: Receiver
let plain: TestDatabase
let db: Database
let tracing: Tracing
let said: string[]

beforeAll(async () => {
  plain = await createTestDatabase()
})
beforeEach(async () => {
  receiver = await openReceiver()
  said = []
  tracing = createTracing(
    { endpoint: `${receiver.url}/`, headers: {}, share: 1 },
    {
      resource: { 'service.name': 'test' },
      onLost: (reason) => said.push(`lost: ${reason}`),
      onTaken: () => said.push('taken'),
      delayMs: 50,
    },
  )
  db = openDatabase({ url: plain.url, max: 2, tracing })
})
afterEach(async () => {
  await tracing.close()
  await db.close()
  await receiver.close()
})
afterAll(() => plain.drop())

const names = () => receiver.spans.map(({ name }) => name)

test('statements and transactions are spans of what they are part of, without values; others are none', async () => {
  await db.sql`select 'outside'`
  await tracing.inSpan({ name: 'work' }, async () => {
    const chosen = db.sql`where status = ${'hunter2-status'}`
    await db.sql`select id from sync_run ${chosen}`
    await db.orm.select().from(syncRun).where(eq(syncRun.job, 'hunter2-job'))
    await db.sql.begin(async (tx) => {
      await tx`insert into sync_log (level, message) values ('info', ${'hunter2-message'})`
      await tx.savepoint((inner) => inner.unsafe("update sync_log set message = 'hunter2-literal'"))
    })
    await expect(db.sql`select 'hunter2-number'::int from sync_log`).rejects.toThrow('hunter2')
    const rows: unknown[] = []
    for await (const page of db.sql`select generate_series(1, 5) as n`.cursor(2)) rows.push(...page)
    expect(rows).toHaveLength(5)
    const reserved = await db.sql.reserve()
    await reserved`select from sync_batch`
    reserved.release()
  })
  await tracing.close()

  expect(names().sort()).toEqual(
    [
      'SELECT sync_run',
      'SELECT sync_run',
      'INSERT sync_log',
      'UPDATE sync_log',
      'transaction',
      'SELECT sync_log',
      'SELECT',
      'SELECT sync_batch',
      'work',
    ].sort(),
  )
  const of = (name: string) => receiver.spans.find((span) => span.name === name)
  expect(of('INSERT sync_log')?.parentId).toBe(of('transaction')?.spanId)
  expect(of('UPDATE sync_log')?.parentId).toBe(of('transaction')?.spanId)
  expect(of('transaction')?.parentId).toBe(of('work')?.spanId)
  expect(of('SELECT sync_log')?.failure).toBe('DatabaseError 22P02')
  expect(receiver.raw()).not.toContain('hunter2')
})

test('what a timer does after the end of a span belongs to nobody', async () => {
  let later: Promise<unknown> | undefined
  let go: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (go = resolve))
  await tracing.inSpan({ name: 'work' }, async () => {
    later = ended.then(() => db.sql`select 1 from sync_run`)
  })
  go()
  await later
  await tracing.close()
  expect(names()).toEqual(['work'])
})

test('a collector that refuses is told of once, and so is its return', async () => {
  const flush = () => expect.poll(() => said.length + receiver.spans.length)
  receiver.answerWith(400)
  await tracing.inSpan({ name: 'one' }, () => Promise.resolve())
  await flush().toBe(1)
  receiver.answerWith(200)
  await tracing.inSpan({ name: 'two' }, () => Promise.resolve())
  await flush().toBe(3)
  expect(said).toEqual(['lost: 400', 'taken'])
  expect(names()).toEqual(['two'])
})

test('a share of no traces keeps none, and a cancellation is no failure', async () => {
  const none = createTracing(
    { endpoint: receiver.url, headers: {}, share: 0 },
    { resource: { 'service.name': 'none' }, onLost: (r) => said.push(r), onTaken: () => undefined },
  )
  await none.inSpan({ name: 'dropped' }, () => Promise.resolve(none.begin({ name: 'inner' })?.end()))
  // Of a run's trace its number decides, wherever a span of it ends.
  expect(none.traceOf('0199a3c4-1d2e-7f00-8a1b-0123456789ab').sampled).toBeNull()
  await none.close()
  const cancelled = Object.assign(new Error('hunter2'), { name: 'CancelledFailure' })
  await expect(tracing.inSpan({ name: 'cancelled' }, () => Promise.reject(cancelled))).rejects.toBe(cancelled)
  await tracing.close()
  expect(receiver.spans).toMatchObject([
    { name: 'cancelled', failure: null, attributes: { cancelled: true } },
  ])
})
