import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { runNotifier } from '../../api/notifications/notifier.ts'
import { addNotice, leaseNotice } from '../../db/queries/notifications.ts'
import { noteTrouble } from '../../db/health.ts'
import type { NotificationFormat } from '../../market/notifications.ts'
import { Secret } from '../../market/secret.ts'
import { type ApiLab, openApiLab } from '../api/support.ts'
import { TEST_TOKEN, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'

/*
 * From what happens to the receiver: nothing is lost while it is away, and nobody hears of one thing from two senders.
 */

interface Heard {
  id: number
  event: string
  title: string
  text: string
  details: Record<string, unknown>
}

let lab: ApiLab
let server: Server
let url: string
let isAway = false
const heard: Heard[] = []
const senders: { stop: AbortController; end: Promise<void> }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      if (!isAway) heard.push(JSON.parse(body) as Heard)
      response.writeHead(isAway ? 503 : 200).end('{"errcode":0}')
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  lab = await openApiLab({ market: yearMarket(20), worker: true })
})
beforeEach(async () => {
  isAway = false
  heard.length = 0
  await lab.db.sql`truncate notification`
})
afterEach(async () => {
  for (const { stop } of senders) stop.abort()
  await Promise.all(senders.splice(0).map(({ end }) => end))
  lab.upstream.setFaults([])
  await lab.clear()
})
afterAll(async () => {
  server.close()
  await lab.close()
})

function startSender(format: NotificationFormat = 'generic'): void {
  const stop = new AbortController()
  const receiver = { url: new Secret(url), format, secret: null }
  senders.push({ stop, end: runNotifier({ ...lab.api, receiver, closing: stop.signal, everyMs: 20 }) })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`that did not happen; heard: ${JSON.stringify(heard)}`)
    await sleep(20)
  }
}

test('a run that fails is told, once, and without its token', async () => {
  lab.upstream.setFaults([{ kind: 'bad_token' }])
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect(run.status).toBe('failed')
  startSender()
  startSender()
  await until(() => heard.length > 0)
  expect(heard).toMatchObject([
    {
      event: 'run_failed',
      title: 'daily_history failed',
      text: expect.stringContaining('check the token') as string,
      details: { run_id: run.id, job: 'daily_history', error_class: 'AuthFailed' },
    },
  ])
  expect(JSON.stringify(heard)).not.toContain(TEST_TOKEN)
  const { items } = (
    await lab.get<{ items: { event: string; sent_at: string | null }[] }>('/api/notifications')
  ).body
  expect(items).toMatchObject([{ event: 'run_failed', sent_at: expect.any(String) as string }])
})

test('a run that brought a part says what it was about and that something is missing', async () => {
  lab.upstream.setFaults([{ kind: 'missing_column', api: 'daily_basic', column: 'trade_date' }])
  const run = await lab.run('daily_incremental', { start_date: '2026-11-20', end_date: '2026-11-20' })
  expect(run.status).toBe('success_with_errors')
  const { items } = (await lab.get<{ items: Heard[] }>('/api/notifications')).body
  expect(items).toMatchObject([
    {
      event: 'run_with_errors',
      title: 'daily_incremental ended with errors',
      text: expect.stringContaining('Retry the run to fetch what is missing') as string,
      details: { run_id: run.id, status: 'success_with_errors' },
    },
  ])
  // Else every later sender would tell of that day.
  await lab.db.sql`delete from day_gate`
})

test('a run that succeeds is not told', async () => {
  await lab.db.sql`update source_health set resting_until = null, failures = 0`
  const run = await lab.run('stock_basics')
  expect(run.status).toBe('success')
  expect(await lab.db.sql`select from notification`).toHaveLength(0)
})

test('what happens while the receiver is away arrives when it is back, each once, whoever sends', async () => {
  isAway = true
  for (let i = 0; i < 20; i++)
    await addNotice(lab.db.sql, { event: 'run_failed', title: `run ${i} failed`, text: '' })
  for (let i = 0; i < 3; i++) startSender()
  await until(async () => {
    const [row] = await lab.db.sql`select min(attempts) as least from notification`
    return Number(row?.['least']) > 0
  })
  expect(heard).toEqual([])
  isAway = false
  // The waits between tries are minutes.
  await lab.db.sql`update notification set next_attempt_at = now() where sent_at is null`
  await until(async () => (await lab.db.sql`select from notification where sent_at is null`).length === 0)
  expect(heard.map(({ title }) => title).sort()).toEqual(
    Array.from({ length: 20 }, (_, i) => `run ${i} failed`).sort(),
  )
})

test('a robot that is silenced by more than 20 messages a minute gets fewer, and the others a minute later', async () => {
  for (let i = 0; i < 30; i++)
    await addNotice(lab.db.sql, { event: 'run_failed', title: `run ${i} failed`, text: '' })
  startSender('dingtalk')
  const sent = async () => (await lab.db.sql`select from notification where sent_at is not null`).length
  await until(async () => (await sent()) === 15)
  expect(await leaseNotice(lab.db.sql, 15)).toBeNull()
  expect(heard).toHaveLength(15)
  await lab.db.sql`update notification set sent_at = sent_at - interval '1 minute' where sent_at is not null`
  await until(async () => (await sent()) === 30)
  expect(heard).toHaveLength(30)
})

test('a notice that a killed sender had in hand is sent by the next one', async () => {
  await addNotice(lab.db.sql, { event: 'run_failed', title: 'of a dead sender', text: '' })
  await lab.db
    .sql`update notification set attempts = 1, next_attempt_at = now() + interval '300 milliseconds'`
  startSender()
  await until(() => heard.length === 1)
})

test('one that nobody takes for a day and more is given up, and the list says so', async () => {
  isAway = true
  await addNotice(lab.db.sql, { event: 'run_failed', title: 'of long ago', text: '' })
  await lab.db.sql`update notification set attempts = 9`
  startSender()
  const read = async () =>
    (
      await lab.get<{ items: { attempts: number; given_up_at: string | null; last_error: string | null }[] }>(
        '/api/notifications',
      )
    ).body.items
  await until(async () => (await read())[0]?.given_up_at !== null)
  expect(await read()).toMatchObject([
    { attempts: 10, last_error: expect.stringMatching(/^HTTP 503/) as string },
  ])
  isAway = false
  await lab.db.sql`update notification set next_attempt_at = now()`
  await addNotice(lab.db.sql, { event: 'run_failed', title: 'of now', text: '' })
  await until(() => heard.length > 0)
  expect(heard.map(({ title }) => title)).toEqual(['of now'])
})

test('a long rest of a source is told once a day, a short one never', async () => {
  const place = { source: 'baostock', site: 'server' } as const
  await noteTrouble(lab.db.sql, place, { errorClass: 'Transient', message: 'reset' })
  expect(await lab.db.sql`select from notification`).toHaveLength(0)
  for (let i = 0; i < 2; i++) {
    await lab.db.sql`update source_health set resting_until = null, error_class = null`
    await noteTrouble(lab.db.sql, place, { errorClass: 'Banned', message: '10001011 黑名单用户' })
  }
  expect(await lab.db.sql`select title from notification`).toMatchObject([
    { title: expect.stringMatching(/^baostock rests for \d+ minutes$/) as string },
  ])
})

test('a session that stays incomplete past its time is told once', async () => {
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect(run.status).toBe('success')
  await lab.db.sql`truncate notification`
  const newest = wholeMarket(lab.market).end_date ?? ''
  await lab.db.sql`update day_gate set state = 'incomplete' where dataset = 'bars' and trade_date = ${newest}`
  startSender()
  startSender()
  await until(() => heard.length > 0)
  expect(heard).toMatchObject([{ event: 'dataset_stale', details: { dataset: 'bars', due: newest } }])
})

test('the test button says what the receiver says', async () => {
  const press = async () => await lab.post('/api/notifications/test')
  expect(await press()).toMatchObject({ status: 409, body: { code: 'receiver_missing' } })
  lab.api.receiver = { url: new Secret(url), format: 'generic', secret: null }
  expect(await press()).toMatchObject({ status: 200, body: { sent: true, format: 'generic' } })
  expect(heard).toMatchObject([{ id: 0, event: 'test' }])
  isAway = true
  const refused = await press()
  expect(refused).toMatchObject({ status: 502, body: { code: 'receiver_refused' } })
  expect(refused.text).toContain('HTTP 503')
  lab.api.receiver = null
})
