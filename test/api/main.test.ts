import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../local/ports.ts'
import { TEST_TOKEN } from '../support/lab.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* The API as a process of its own. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
})
afterAll(() => lab.close())

interface Process {
  child: ChildProcess
  url: string
  output: () => string
  ended: Promise<number | null>
}

async function startApi(env: Record<string, string> = {}, ready = true): Promise<Process> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'api/main.ts'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: lab.db.url,
      TEMPORAL_ADDRESS: lab.temporal.address,
      TUSHARE_TOKEN: TEST_TOKEN,
      PORT: '0',
      DEFAULT_SCHEDULES: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  if (ready) await expect.poll(() => output, { timeout: 20_000 }).toContain('READY ')
  const line = /^READY (.*)$/m.exec(output)?.[1]
  const url = line === undefined ? '' : (JSON.parse(line) as { url: string }).url
  return { child, url, output: () => output, ended }
}

const json = async (response: Response) => (await response.json()) as Record<string, unknown>
const post = (url: string, body?: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

async function postNothing(url: string): Promise<string> {
  const { host, hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  const type = 'Content-Type: application/json'
  socket.write(`POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${type}\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

test('a workflow that is terminated elsewhere shows as terminated within 10 s, and can be retried', async () => {
  const { url } = await startApi()
  // As curl sends a POST without data: a content type, neither a body nor its length.
  const started = JSON.parse(await postNothing(`${url}/api/sync/trigger`)) as { data: { job_id: string } }
  const id = started.data.job_id
  await lab.client.workflow.getHandle(`sync/${id}`).terminate('by hand')
  await expect
    .poll(async () => (await json(await fetch(`${url}/api/runs/${id}`)))['status'], { timeout: 10_000 })
    .toBe('terminated')
  expect(await json(await post(`${url}/api/runs/${id}/retry`))).toMatchObject({ status: 'pending' })
  await lab.clear()
})

test('without Temporal it starts, says why it is not ready, and starts what was asked for when Temporal is there', async () => {
  const port = await freePort()
  const { url } = await startApi({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })
  const ready = await fetch(`${url}/readyz`)
  expect(ready.status).toBe(503)
  expect(await json(ready)).toMatchObject({
    ready: false,
    checks: {
      postgres: { ok: true },
      temporal: { ok: false, reason: expect.stringMatching(/Temporal/) as string },
    },
  })
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const answer = await json(await post(`${url}/api/sync/trigger`, {}))
  expect(answer).toMatchObject({ success: true, data: { status: 'pending' } })
  expect(answer['message']).toContain('Temporal is away')
  const { job_id: id } = answer['data'] as { job_id: string }

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
      { timeout: 40_000, interval: 500 },
    )
    .toBe('RUNNING')
  const later = await json(await fetch(`${url}/readyz`))
  expect(later).toMatchObject({
    ready: false,
    checks: {
      temporal: { ok: true },
      worker: { ok: false, reason: expect.stringContaining('no worker') as string },
    },
  })
  await lab.clear()
})

test('it ends within seconds although an event stream is open', async () => {
  const { child, url, ended, output } = await startApi()
  const { data } = (await (await post(`${url}/api/sync/trigger`, {})).json()) as { data: { job_id: string } }
  const stream = await fetch(`${url}/api/runs/${data.job_id}/events`)
  const reader = stream.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value as Uint8Array)).toContain('event: ')
  const began = Date.now()
  child.kill('SIGTERM')
  expect(await Promise.race([ended, sleep(8_000).then(() => 'late')])).toBe(0)
  expect(Date.now() - began).toBeLessThan(5_000)
  expect(output()).not.toContain(TEST_TOKEN)
  await lab.clear()
})

test('with keys it asks for one, and tells none', async () => {
  const key = 'k'.repeat(24)
  const { url, output } = await startApi({ API_KEYS: `ops:operator:${key}`, LOG_LEVEL: 'debug' })
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${url}/api/runs`, { headers })).status
  expect([await status({}), await status({ 'x-api-key': key })]).toEqual([401, 200])
  await expect.poll(output).toContain('"caller":"ops"')
  expect(output()).not.toContain(key)
})

test('of two that start at once one makes the schedules; what is removed then stays away at the next start', async () => {
  const ids = async (url: string) =>
    ((await json(await fetch(`${url}/scheduler/status`)))['jobs'] as { id: string }[]).map(({ id }) => id)
  const isOver = async () => (await lab.db.sql`select from schedule_made where id = '*'`).length > 0
  const [first, second] = await Promise.all([1, 2].map(() => startApi({ DEFAULT_SCHEDULES: 'on' })))
  await expect.poll(isOver, { timeout: 10_000 }).toBe(true)
  expect(await ids(first?.url ?? '')).toHaveLength(7)
  expect((await post(`${second?.url ?? ''}/scheduler/jobs/weekly/stop`)).status).toBe(200)
  first?.child.kill('SIGKILL')
  second?.child.kill('SIGKILL')
  const { url, output } = await startApi({ DEFAULT_SCHEDULES: 'on', LOG_LEVEL: 'debug' })
  await expect.poll(output, { timeout: 10_000 }).toContain('since the first start')
  expect((await ids(url)).sort()).toEqual([
    'daily_incremental',
    'daily_incremental.evening',
    'finance_incremental',
    'full_history',
    'monthly',
    'retry_failures',
  ])
  await Promise.all((await ids(url)).map((id) => post(`${url}/scheduler/jobs/${id}/stop`)))
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
