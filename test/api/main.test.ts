import type { ChildProcess } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { answerOf, type Client, createClient, runEvents } from '../../client/index.ts'
import { freePort } from '../../local/ports.ts'
import { TEST_TOKEN } from '../support/lab.ts'
import { programOf, startProgram } from '../support/programs.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* The API as a process of its own. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
})
// Whatever becomes of a test, its run is not to be in the way of the others.
afterEach(() => lab.clear())
afterAll(() => lab.close())

interface Process {
  child: ChildProcess
  url: string
  /** With the key that is asked for, if there is one. */
  client: (apiKey?: string) => Client
  output: () => string
  ended: Promise<number | null>
}

async function startApi(env: Record<string, string> = {}, ready = true): Promise<Process> {
  const { child, output, ended, end } = startProgram(await programOf('api/main.ts'), {
    DATABASE_URL: lab.db.url,
    TEMPORAL_ADDRESS: lab.temporal.address,
    TEMPORAL_NAMESPACE: lab.temporal.namespace,
    TUSHARE_TOKEN: TEST_TOKEN,
    PORT: '0',
    DEFAULT_SCHEDULES: 'off',
    ...env,
  })
  onTestFinished(() => end())
  if (ready) await expect.poll(output, { timeout: 60_000 }).toContain('READY ')
  const line = /^READY (.*)$/m.exec(output())?.[1]
  const url = line === undefined ? '' : (JSON.parse(line) as { url: string }).url
  const client = (apiKey?: string) => createClient({ url, apiKey })
  return { child, url, client, output, ended: ended.then(([code]) => code) }
}

async function postNothing(url: string): Promise<string> {
  const { host, hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  const type = 'Content-Type: application/json'
  socket.write(`POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${type}\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

test('a workflow that is terminated elsewhere shows as terminated within seconds, and can be retried', async () => {
  const { url, client } = await startApi()
  // As curl sends a POST without data: a content type, neither a body nor its length.
  const started = JSON.parse(await postNothing(`${url}/api/sync/trigger`)) as { data: { job_id: string } }
  const id = started.data.job_id
  await lab.client.workflow.getHandle(`sync/${id}`).terminate('by hand')
  const run = client().api.runs[':id']
  const param = { id }
  await expect
    .poll(async () => (await answerOf(run.$get({ param }))).status, { timeout: 30_000 })
    .toBe('terminated')
  expect(await answerOf(run.retry.$post({ param }))).toMatchObject({ status: 'pending' })
})

test('without Temporal it starts, says why it is not ready, and starts what was asked for when Temporal is there', async () => {
  const port = await freePort()
  const client = (await startApi({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })).client()
  const ready = await client.readyz.$get()
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({
    ready: false,
    checks: {
      postgres: { ok: true },
      temporal: { ok: false, reason: expect.stringMatching(/Temporal/) as string },
    },
  })
  expect(await answerOf(client.healthz.$get())).toEqual({ status: 'ok' })
  const { message, data } = await answerOf(client.api.sync.trigger.$post())
  expect(data.status).toBe('pending')
  expect(message).toContain('Temporal is away')
  const { job_id: id } = data

  // Temporal comes up at that address: a tunnel to the one that runs.
  const [host, target] = lab.temporal.address.split(':')
  const tunnel = createServer((socket) => {
    const upstream = connect(Number(target), host)
    socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.pipe(upstream).pipe(socket)
  }).listen(port, '127.0.0.1')
  onTestFinished(() => void tunnel.close())
  await expect
    .poll(
      () =>
        lab.client.workflow
          .getHandle(`sync/${id}`)
          .describe()
          .then(({ status }) => status.name)
          .catch(() => 'NONE'),
      { timeout: 60_000, interval: 500 },
    )
    .toBe('RUNNING')
  const later = await client.readyz.$get()
  expect(await later.json()).toMatchObject({
    ready: false,
    checks: {
      temporal: { ok: true },
      worker: { ok: false, reason: expect.stringContaining('no worker') as string },
    },
  })
})

test('it ends within seconds although an event stream is open', async () => {
  const { child, client, ended, output } = await startApi()
  const { id } = await answerOf(client().api.runs.$post({ json: { job: 'stock_list' } }))
  const events = runEvents(client(), id)
  expect((await events.next()).value).toMatchObject({ type: 'progress' })
  child.kill('SIGTERM')
  // What does not end by itself is cut after ten seconds.
  expect(await Promise.race([ended, sleep(9_500, 'late')])).toBe(0)
  expect(output()).not.toContain(TEST_TOKEN)
  await events.return()
})

test('told to end, it takes no more connections and answers what it was asked', async () => {
  const { child, url, ended } = await startApi()
  const { host, hostname, port } = new URL(url)
  const body = JSON.stringify({ job: 'stock_list' })
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const head = `Host: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
  socket.write(`POST /api/plan HTTP/1.1\r\n${head}\r\nExpect: 100-continue\r\n\r\n${body.slice(0, 5)}`)
  await expect.poll(() => text).toContain('100 Continue')
  child.kill('SIGTERM')
  const isRefused = () =>
    fetch(`${url}/healthz`).then(
      () => false,
      () => true,
    )
  await expect.poll(isRefused).toBe(true)
  socket.write(body.slice(5))
  expect(await ended).toBe(0)
  expect(text).toMatch(/HTTP\/1\.1 200 OK/)
})

test('with keys it asks for one, and tells none', async () => {
  const key = 'k'.repeat(24)
  const { client, output } = await startApi({ API_KEYS: `ops:operator:${key}`, LOG_LEVEL: 'debug' })
  const status = async (own?: string): Promise<number> => (await client(own).api.runs.$get()).status
  expect([await status(), await status(key)]).toEqual([401, 200])
  await expect.poll(output).toContain('"caller":"ops"')
  expect(output()).not.toContain(key)
})

test('of two that start at once one makes the schedules; what is removed then stays away at the next start', async () => {
  const ids = async ({ client }: Process) =>
    (await answerOf(client().scheduler.status.$get())).jobs.map(({ id }) => id)
  const stop = ({ client }: Process, id: string) =>
    answerOf(client().scheduler.jobs[':job_id'].stop.$post({ param: { job_id: id } }))
  const isOver = async () => (await lab.db.sql`select from schedule_made where id = '*'`).length > 0
  const on = { DEFAULT_SCHEDULES: 'on' }
  const [first, second] = await Promise.all([startApi(on), startApi(on)])
  await expect.poll(isOver).toBe(true)
  expect(await ids(first)).toHaveLength(7)
  await stop(second, 'weekly')
  first.child.kill('SIGKILL')
  second.child.kill('SIGKILL')
  const third = await startApi({ ...on, LOG_LEVEL: 'debug' })
  await expect.poll(third.output).toContain('since the first start')
  expect((await ids(third)).sort()).toEqual([
    'daily_incremental',
    'daily_incremental.evening',
    'finance_incremental',
    'full_history',
    'monthly',
    'retry_failures',
  ])
  await Promise.all((await ids(third)).map((id) => stop(third, id)))
})

test('a schedules file that is wrong is refused, with what is wrong', async () => {
  const { ended, output } = await startApi({ DEFAULT_SCHEDULES: 'on', SCHEDULES_FILE: 'no-such.json' }, false)
  expect(await ended).toBe(1)
  expect(output()).toContain('SCHEDULES_FILE no-such.json has a problem:\n  cannot be read: ENOENT')
})

test('an address that other machines reach is refused', async () => {
  const { ended, output } = await startApi({ HOST: '0.0.0.0' }, false)
  expect(await ended).toBe(1)
  expect(output()).toContain('HOST=0.0.0.0 would open the API to other machines')
})
