import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { closeServer, createServer } from '../../api/server.ts'
import {
  answerOf,
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  itemsOf,
  responseOf,
  type RunEvent,
  runEvents,
} from '../../client/index.ts'
import { waitOf } from '../../client/events.ts'
import { logRun } from '../../db/queries/logs.ts'
import { insertRun } from '../../db/queries/runs.ts'
import { type AccessLab, CONFIGURED, KEYS, openAccessLab } from '../api/access/support.ts'

/* The client against the whole service on a real socket; Temporal is away. */

let lab: AccessLab
let server: Server
let client: Client

beforeAll(async () => {
  lab = await openAccessLab()
  server = createServer(lab.app().fetch)
  client = createClient({ url: await listen(server) })
})
afterAll(async () => {
  await closeServer(server)
  await lab.close()
})

async function listen(one: Server): Promise<string> {
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`
}

/** A server of the test's own, for as long as the test lasts. */
async function listenFor(one: Server): Promise<string> {
  onTestFinished(async () => {
    one.closeAllConnections()
    await new Promise((resolve) => one.close(resolve))
  })
  return await listen(one)
}

async function newRun(status: string): Promise<string> {
  const id = randomUUID()
  const run = { id, job: 'stock_list', params: {}, lockKey: id, workflowId: `sync/${id}`, requestId: null }
  await insertRun(lab.db, run)
  await lab.db.sql`update sync_run set status = ${status}, started_at = now() where id = ${id}`
  return id
}

const refusal = async (pending: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await pending.catch((reason: unknown) => reason)
  if (error instanceof ApiError) return error
  throw new Error(`was not refused: ${String(error)}`)
}

test('a list comes whole through its pages', async () => {
  const ids = [await newRun('success'), await newRun('failed'), await newRun('success')]
  const found: string[] = []
  const runs = itemsOf((where) =>
    client.api.runs.$get({ query: { job: 'stock_list', limit: '2', ...where } }),
  )
  for await (const { id } of runs) found.push(id)
  expect(found).toEqual(ids.reverse())
})

describe('a refusal', () => {
  test('is thrown with its code, what to do about it, and the id of the request', async () => {
    const id = randomUUID()
    const error = await refusal(answerOf(client.api.runs[':id'].$get({ param: { id } })))
    expect(error).toMatchObject({
      status: 404,
      code: 'run_not_found',
      title: 'There is no such run',
      message: `no run has the id ${id}; GET /api/runs lists them`,
      requestId: expect.stringMatching(/^[\w-]{36}$/) as string,
      retryAfter: null,
      errors: [],
    })
  })

  test('names the fields that are wrong', async () => {
    const error = await refusal(answerOf(client.api.runs.$get({ query: { limit: '0' } })))
    expect(error.errors).toEqual([{ field: 'limit', message: 'must be a whole number from 1 to 200' }])
  })

  test('of the groups of the seeds has no code, and says the same otherwise', async () => {
    const error = await refusal(answerOf(client.api.sync.status.$get({ query: { job_id: 'x' } })))
    expect(error).toMatchObject({
      status: 400,
      code: null,
      detail: 'job_id: must be the id of a run, a UUID',
    })
    expect(error.requestId).not.toBeNull()
  })

  test('may come from something in front of the service', async () => {
    const url = await listenFor(
      createHttpServer((_, response) => {
        response.writeHead(503, { 'content-type': 'text/html', 'retry-after': '7' }).end('<h1>Busy</h1>')
      }),
    )
    const error = await refusal(answerOf(createClient({ url }).api.runs.$get()))
    expect(error).toMatchObject({ status: 503, code: null, title: 'Service Unavailable', retryAfter: 7 })
    expect(error.body).toBe('<h1>Busy</h1>')
  })
})

test('the key is sent, and nothing tells it', async () => {
  const app = lab.app({ keys: CONFIGURED, openWithoutKeys: false })
  const options: ClientOptions = { url: 'http://127.0.0.1', fetch: app.request }
  const stranger = await refusal(answerOf(createClient(options).api.runs.$get()))
  expect(stranger.code).toBe('key_missing')
  const viewer = createClient({ ...options, apiKey: KEYS.viewer })
  expect(await answerOf(viewer.api.session.$get())).toMatchObject({ name: 'the-viewer', role: 'viewer' })
  const error = await refusal(answerOf(viewer.api.runs.$post({ json: { job: 'stock_list' } })))
  expect(error.code).toBe('role_too_small')
  expect(JSON.stringify(error)).not.toContain(KEYS.viewer)
})

test('a value stays within its part of the path', async () => {
  for (const id of ['../../healthz', 'a?b=c', 'a/pause'])
    expect((await refusal(answerOf(client.api.runs[':id'].$get({ param: { id } })))).code).toBe(
      'invalid_request',
    )
  expect(() => client.api.runs[':id'].$get({ param: { id: '' } })).toThrow('id is empty')
})

test('tables in other formats come as they are, and are not taken for JSON', async () => {
  const query = { from: '2026-01-01', to: '2026-01-31', format: 'csv' } as const
  const response = await responseOf(client.api.calendar.$get({ query }))
  expect(await response.text()).toMatch(/^exchange,trade_date,/)
  const again = await client.api.calendar.$get({
    query,
    header: { 'if-none-match': response.headers.get('etag') ?? '' },
  })
  expect(again.status).toBe(304)
  await expect(answerOf(client.api.calendar.$get({ query }))).rejects.toThrow('answered text/csv')
})

test('a service that does not begin to answer is given up', async () => {
  const url = await listenFor(createHttpServer(() => undefined))
  const pending = createClient({ url, timeoutMs: 100 }).api.runs.$get()
  await expect(pending).rejects.toMatchObject({ name: 'TimeoutError', message: 'no answer within 100 ms' })
})

describe('events of a run', () => {
  const say = (runId: string, message: string) => logRun(lab.db.sql, { runId, level: 'info', message })

  test('go on where they were when the connection is cut, each once, and end with the run', async () => {
    const runId = await newRun('running')
    await say(runId, 'one')
    await say(runId, 'two')
    const own = createServer(lab.app().fetch)
    const url = await listenFor(own)
    const asked: (string | null)[] = []
    const listener = createClient({
      url,
      fetch: (address, init) => {
        asked.push(new Headers(init?.headers).get('last-event-id'))
        return fetch(address, init)
      },
    })
    const events: RunEvent[] = []
    let cuts = 0
    for await (const event of runEvents(listener, runId, { onAway: () => cuts++ })) {
      events.push(event)
      if (event.type === 'state' && event.data.status === 'running') {
        own.closeAllConnections()
        await say(runId, 'three')
      }
      // The second connection goes on to tell how things stand, which is as before: not told again.
      if (event.type === 'log' && event.data.message === 'three')
        await lab.db
          .sql`update sync_run set status = 'success', finished_at = now(), message = 'all there' where id = ${runId}`
    }
    expect(cuts).toBe(1)
    const lines = events.filter((event) => event.type === 'log')
    expect(lines.map(({ data }) => data.message)).toEqual(['one', 'two', 'three'])
    const states = events.filter((event) => event.type === 'state')
    expect(states.map(({ data }) => data)).toEqual([
      { status: 'running', message: null },
      { status: 'success', message: 'all there' },
    ])
    expect(events.at(-1)).toEqual(states.at(-1))
    expect(asked).toEqual([null, String(lines[1]?.id)])
    // All was seen.
    for await (const event of runEvents(listener, runId, { lastEventId: lines[2]?.id ?? 0 }))
      events.push(event)
    expect(events.at(-1)).toEqual(states.at(-1))
  })

  test('go on behind a given one, and end when the listener has enough', async () => {
    const runId = await newRun('paused')
    for (const message of ['one', 'two']) await say(runId, message)
    const enough = new AbortController()
    const types: string[] = []
    const [first] = await lab.db.sql<
      { id: number }[]
    >`select min(id)::int as id from sync_log where run_id = ${runId}`
    const options = { lastEventId: first?.id ?? 0, signal: enough.signal }
    for await (const { type } of runEvents(client, runId, options)) {
      types.push(type)
      if (type === 'state') enough.abort()
    }
    expect(types).toEqual(['log', 'progress', 'state'])
  })

  test('are waited for as long as the service asks, which is no error', async () => {
    const runId = await newRun('success')
    const { fetch: answer } = lab.app()
    const refusals = [429, 503]
    const times: number[] = []
    const listener = createClient({
      url: 'http://127.0.0.1',
      fetch: (address, init) => {
        times.push(performance.now())
        const status = refusals.shift()
        if (status === undefined) return answer(new Request(address, init))
        return new Response('later', { status, headers: { 'retry-after': status === 429 ? '2' : '0' } })
      },
    })
    const away: unknown[] = []
    const types: string[] = []
    let back = 0
    const options = { onAway: (error: unknown) => away.push(error), onBack: () => back++ }
    for await (const { type } of runEvents(listener, runId, options)) types.push(type)
    expect(back).toBe(1)
    expect(types).toEqual(['progress', 'state'])
    expect(away).toMatchObject([{ status: 429 }, { status: 503 }])
    // Without being asked it would have been one second.
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_900)
    expect([waitOf(1, null), waitOf(9, null), waitOf(9, 3), waitOf(1, 0), waitOf(1, 86_400)]).toEqual([
      1_000, 10_000, 3_000, 500, 60_000,
    ])
  })

  test('are refused for good where nothing says when to come back', async () => {
    const listener = createClient({
      url: 'http://127.0.0.1',
      fetch: () => new Response('no', { status: 429 }),
    })
    expect((await refusal(runEvents(listener, randomUUID()).next())).status).toBe(429)
  })

  test('of no run are refused', async () => {
    const events = runEvents(client, randomUUID())
    expect((await refusal(events.next())).code).toBe('run_not_found')
  })
})
