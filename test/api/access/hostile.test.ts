import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiLab, openApiLab } from '../support.ts'
import { answerChecker, type Document, type Operation, requestsTo, type Schema } from './any-request.ts'
import { bearer, CONFIGURED, KEYS, OPEN } from './support.ts'

/*
 * Hostile input in every field that the OpenAPI document names, whoever added it: a clear refusal or a plain answer, never
 * an error of the service, and nothing lost.
 */

interface Attack {
  name: string
  method: string
  path: string
  body?: unknown
  documented: string[]
}

const HOSTILE = [
  "600000'; drop table bars; --",
  "' or 1=1 --",
  '../../../../etc/passwd',
  '2025-02-30',
  '0000-00-00',
  '+275760-09-13',
  '9'.repeat(400),
  '-1',
  '1e308',
  'NaN',
  'a\u0000b',
  '\u{1F4A5}\uD800',
  '%',
  'x'.repeat(5_000),
]
const HOSTILE_VALUES: unknown[] = [...HOSTILE, 1e308, -1, 2 ** 53, 1.5, true, [], {}, [null], { toString: 1 }]

const ID = '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90'
// Whoever asks is kept until it is done.
const WAITING = ['/sync', '/sync/daily']
// They do not end while the run does not.
const EVENTS = '/api/runs/{id}/events'

let lab: ApiLab
let document: Document
let operations: { method: string; path: string; operation: Operation }[]

beforeAll(async () => {
  // With keys: some of the requests below make one.
  lab = await openApiLab({ api: { access: { ...OPEN, keys: CONFIGURED } } })
  document = (await lab.get<Document>('/openapi.json')).body
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
})
afterAll(() => lab.close())

/** The path with something plain in the place of its parameters. */
const plain = (path: string): string =>
  path
    .replaceAll('{symbol}', '600000.SH')
    .replaceAll('{name}', 'tushare')
    .replaceAll(/\{\w+\}/g, ID)

function* attacksOnAddress({ method, path, operation }: (typeof operations)[number]): Generator<Attack> {
  const documented = Object.keys(operation.responses)
  for (const parameter of operation.parameters ?? []) {
    for (const text of HOSTILE) {
      const value = encodeURIComponent(Buffer.from(text).toString())
      const name = `${method} ${path} ${parameter.name}=${text.slice(0, 30)}`
      if (parameter.in === 'query')
        yield { name, method, path: `${plain(path)}?${parameter.name}=${value}`, documented }
      if (parameter.in === 'path')
        yield { name, method, path: plain(path.replace(`{${parameter.name}}`, value)), documented }
    }
  }
}

function* attacksOnBody({ method, path, operation }: (typeof operations)[number]): Generator<Attack> {
  const documented = Object.keys(operation.responses)
  const media = operation.requestBody?.content['application/json']
  if (!media) return
  const example = (media.example ?? {}) as Record<string, unknown>
  const make = (name: string, body: unknown): Attack => ({
    ...{ name: `${method} ${path} ${name}`, method, path: plain(path), body, documented },
  })
  for (const [field, own] of Object.entries(example)) {
    for (const value of HOSTILE_VALUES) {
      const said = `${field}=${JSON.stringify(value).slice(0, 30)}`
      yield make(said, { ...example, [field]: value })
      if (Array.isArray(own)) yield make(`${said} in a list`, { ...example, [field]: [value] })
    }
  }
  for (const value of HOSTILE_VALUES) yield make(`body=${JSON.stringify(value).slice(0, 30)}`, value)
}

// An answer takes milliseconds. A machine that stands still for a moment is not what is looked for.
const SLOW_MS = 15_000

async function send({ method, path, body }: Attack) {
  const began = performance.now()
  const headers = {
    ...bearer(KEYS.admin),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await lab.app.request(path, { method: method.toUpperCase(), headers, ...init })
  return { status: response.status, text: await response.text(), ms: performance.now() - began }
}

async function counted(): Promise<Record<string, number>> {
  const tables = await lab.db.sql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = await lab.db.sql<{ n: number }[]>`select count(*)::int as n from ${lab.db.sql(name)}`
    counts[name] = row?.n ?? -1
  }
  return counts
}

/** Sends all of them; what fails is told together. */
async function expectPlainAnswers(attacks: Iterable<Attack>): Promise<number> {
  const wrong: string[] = []
  let sent = 0
  for (const attack of attacks) {
    const { status, text, ms } = await send(attack)
    sent++
    const isAlone = status === 503 && text.includes('no worker')
    if ((status >= 500 && !isAlone) || !attack.documented.includes(String(status)) || ms > SLOW_MS)
      wrong.push(`${attack.name}: ${status} after ${ms.toFixed(0)} ms: ${text.slice(0, 200)}`)
    if (/\bselect\b.*\bfrom\b|insert into|root:|\.ts:\d+/i.test(text))
      wrong.push(`${attack.name} tells: ${text.slice(0, 200)}`)
  }
  expect(wrong).toEqual([])
  return sent
}

test('in every path and query', async () => {
  const before = await counted()
  const attacked = operations.filter(({ path }) => !WAITING.includes(path))
  expect(await expectPlainAnswers(attacked.flatMap((one) => [...attacksOnAddress(one)]))).toBeGreaterThan(500)
  // Where every attempt to change something stands.
  expect({ ...(await counted()), audit_log: 0 }).toEqual(before)
})

test('in every field of every body', async () => {
  await expectPlainAnswers(operations.flatMap((one) => [...attacksOnBody(one)]))
  await lab.clear()
})

describe('names that any object has, whoever made it', () => {
  const FOUND_EVERYWHERE = ['constructor', '__proto__', 'toString', 'hasOwnProperty']
  // What is looked up in a table of ours.
  const OURS =
    /^(job|job_id|datasets?|(preferred_|fallback_)?sources?|periods?|levels?|format|adjust|status|state|statement|exchange|board|role|kind|event)$/

  test('are no job, dataset, source, period, level or format', async () => {
    const attacks = operations.flatMap((one) => {
      const { method, path, operation } = one
      const make = (field: string, name: string, rest: Pick<Attack, 'path' | 'body'>): Attack => ({
        ...{ name: `${method} ${path} ${field}=${name}`, method, documented: [], ...rest },
      })
      const isOurs = (field: string) => OURS.test(field) || (field === 'name' && path.includes('/sources/'))
      const media = operation.requestBody?.content['application/json']
      const example = (media?.example ?? {}) as Record<string, unknown>
      return FOUND_EVERYWHERE.flatMap((name) => [
        ...(operation.parameters ?? [])
          .filter((each) => each.in !== 'header' && isOurs(each.name))
          .map((each) =>
            make(each.name, name, {
              path:
                each.in === 'query'
                  ? `${plain(path)}?${each.name}=${name}`
                  : plain(path.replace(`{${each.name}}`, name)),
              body: media && example,
            }),
          ),
        ...Object.entries(example)
          .filter(([field]) => isOurs(field))
          .map(([field, own]) =>
            make(`body.${field}`, name, {
              path: plain(path),
              body: { ...example, [field]: Array.isArray(own) ? [name] : name },
            }),
          ),
      ])
    })
    const wrong: string[] = []
    for (const attack of attacks) {
      const { status, text } = await send(attack)
      if (![400, 404, 422].includes(status)) wrong.push(`${attack.name}: ${status} ${text.slice(0, 200)}`)
    }
    expect(wrong).toEqual([])
    expect(attacks.length).toBeGreaterThan(150)
  })
})

test('whatever the document describes, or nearly, has an answer as it is described, soon and without a fault', async () => {
  const wrongWith = answerChecker(document)
  const asked = operations.filter(({ path }) => ![...WAITING, EVENTS].includes(path))
  const wrong: string[] = []
  let sent = 0
  for (const { method, path, operation } of asked) {
    for (const request of fc.sample(requestsTo(path, operation, document), {
      seed: 20_261_120,
      numRuns: 12,
    })) {
      const began = performance.now()
      const response = await lab.app.request(request.path, {
        method: method.toUpperCase(),
        headers: { ...bearer(KEYS.admin), ...request.headers },
        body: request.body,
      })
      const text = await response.text()
      const ms = performance.now() - began
      sent++
      const isAlone = response.status === 503 && text.includes('no worker')
      const fault = response.status >= 500 && !isAlone ? 'a fault' : null
      const slow = ms > SLOW_MS ? `${ms.toFixed(0)} ms` : null
      const reasons = [fault, slow, wrongWith({ method, path }, response, text)].filter(
        (each) => each !== null,
      )
      if (reasons.length > 0)
        wrong.push(
          `${method} ${request.path} ${request.body ?? ''}: ${reasons.join()}: ${text.slice(0, 200)}`,
        )
    }
  }
  expect(wrong).toEqual([])
  expect(sent).toBeGreaterThan(500)
  await lab.clear()
})

test('the events of a run are as the document describes them, whatever else is asked with', async () => {
  const wrongWith = answerChecker(document)
  const operation = document.paths[EVENTS]?.['get']
  if (!operation) throw new Error(`no ${EVENTS}`)
  await lab.db.sql`
    insert into sync_run (id, job, status, params, lock_key, workflow_id, started_at)
    values (${ID}, 'stock_list', 'paused', '{}', 'global', ${`sync/${ID}`}, now())`
  const requests = fc.sample(requestsTo(EVENTS, operation, document), { seed: 20_261_120, numRuns: 40 })
  const wrong: string[] = []
  const statuses = new Set<number>()
  for (const { path, headers } of requests) {
    const response = await lab.app.request(path, { headers: { ...bearer(KEYS.admin), ...headers } })
    statuses.add(response.status)
    const text = response.status === 200 ? await firstEvents(response) : await response.text()
    const reason = wrongWith({ method: 'get', path: EVENTS }, response, text)
    if (reason !== null || response.status >= 500) wrong.push(`${path}: ${reason ?? 'a fault'}: ${text}`)
  }
  expect(wrong).toEqual([])
  expect([...statuses].sort()).toEqual([200, 400, 404])
  await lab.db.sql`delete from sync_run where id = ${ID}`
})

/** What a stream says until it has told the state of its run; then nobody listens any more. */
async function firstEvents({ body }: Response): Promise<string> {
  let text = ''
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (text.includes('event: state')) return text
  }
  throw new Error(`ended after: ${text}`)
}

test('every pattern of the document is one of JSON Schema, and takes the example beside it', () => {
  const found: Schema[] = []
  JSON.stringify(document, (_, value: unknown) => {
    if (typeof (value as Schema | null)?.pattern === 'string') found.push(value as Schema)
    return value
  })
  const wrong = found.filter(({ pattern = '', example }) => {
    const flags = /\/[a-z]*$/.test(pattern)
    return flags || (typeof example === 'string' && !new RegExp(pattern, 'u').test(example))
  })
  expect(wrong).toEqual([])
  expect(found.length).toBeGreaterThan(10)
})

test('an unknown field is refused in every body', async () => {
  const wrong: string[] = []
  for (const { method, path, operation } of operations) {
    const media = operation.requestBody?.content['application/json']
    if (!media) continue
    const body = { ...(media.example as object), nonsense: 1 }
    const { status, text } = await send({ name: '', method, path: plain(path), body, documented: [] })
    if (![400, 422].includes(status) || !text.includes('nonsense: is not known here'))
      wrong.push(`${method} ${path}: ${status} ${text}`)
  }
  expect(wrong).toEqual([])
})
