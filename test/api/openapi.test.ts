import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { Operation as KnownOperation } from '../../api/contract.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* The document is what clients are generated from: it has to be whole, and answers have to be as it says. */

interface Media {
  schema?: Record<string, unknown>
  example?: unknown
}
interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { example?: unknown }> }
}

let lab: ApiLab
let document: Document
let operations: [string, Operation][]
const ajv = new Ajv2020({ strict: false, validateFormats: false })

beforeAll(async () => {
  lab = await openApiLab()
  document = (await lab.get<Document>('/openapi.json')).body
  ajv.addSchema(document, 'api')
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ]),
  )
})
afterAll(() => lab.close())

const validatorAt = (...pointer: string[]) => {
  const path = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).map(encodeURIComponent)
  return ajv.compile({ $ref: `api#/${path.join('/')}` })
}

const OPERATIONS = [
  'get /api/bars',
  'get /api/agreement',
  'get /api/audit',
  'get /api/keys',
  'post /api/keys',
  'delete /api/keys/{name}',
  'get /api/session',
  'post /api/session',
  'delete /api/session',
  'get /api/calendar',
  'get /api/coverage',
  'get /api/datasets',
  'get /api/factors',
  'get /api/failures',
  'get /api/financials',
  'get /api/gaps',
  'get /api/indices/{symbol}/bars',
  'get /api/indices/{symbol}/members',
  'get /api/quality',
  'get /api/quarantine',
  'get /api/revisions',
  'post /api/gaps/accept',
  'post /api/gaps/reopen',
  'get /api/runs',
  'get /api/runs/{id}',
  'get /api/runs/{id}/batches',
  'get /api/runs/{id}/events',
  'get /api/runs/{id}/logs',
  'get /api/runs/{id}/sources',
  'get /api/service',
  'get /api/sources',
  'get /api/sources/{name}',
  'get /api/stocks',
  'get /api/stocks/{symbol}',
  'get /api/sync/multi-source/sources/status',
  'get /api/sync/history',
  'get /api/sync/logs',
  'get /api/sync/status',
  'get /api/multi-period-sync/statistics',
  'post /api/multi-period-sync/start-all-history',
  'post /api/multi-period-sync/start-full',
  'post /api/multi-period-sync/start-incremental',
  'post /api/failures/retry',
  'post /api/failures/{id}/resolve',
  'get /api/valuation',
  'get /scheduler/status',
  'post /scheduler/jobs/{job_id}/start',
  'post /scheduler/jobs/{job_id}/schedule',
  'post /scheduler/jobs/{job_id}/trigger',
  'post /scheduler/jobs/{job_id}/stop',
  'post /scheduler/jobs/{job_id}/pause',
  'post /scheduler/jobs/{job_id}/resume',
  'post /sync',
  'post /sync/daily',
  'get /healthz',
  'get /readyz',
  'get /metrics',
  'get /api/notifications',
  'post /api/notifications/test',
  'post /api/plan',
  'post /api/runs',
  'post /api/runs/{id}/cancel',
  'post /api/runs/{id}/pause',
  'post /api/runs/{id}/resume',
  'post /api/runs/{id}/retry',
  'post /api/sync/multi-source/sources/test',
  'post /api/sync/trigger',
  'put /api/sources/{name}',
] as const satisfies readonly KnownOperation[]

test('every endpoint of this version is in it, and known to the client', () => {
  expect(operations.map(([name]) => name).sort()).toEqual([...OPERATIONS].sort())
  expectTypeOf<(typeof OPERATIONS)[number]>().toEqualTypeOf<KnownOperation>()
  expect(document.openapi).toBe('3.1.0')
})

test('every operation has its own id, a summary, a tag and its path parameters', () => {
  const ids = operations.map(([, { operationId }]) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const [name, operation] of operations) {
    expect(operation, name).toMatchObject({
      operationId: expect.stringMatching(/^[a-z]\w+$/) as string,
      summary: expect.any(String) as string,
      tags: [expect.any(String) as string],
    })
    const declared = (operation.parameters ?? []).filter((p) => p.in === 'path').map((p) => p.name)
    expect(declared, name).toEqual([...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))
  }
})

test('every reference leads somewhere', () => {
  const refs = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)
  for (const [, path = ''] of refs) {
    const target = path
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document)
    expect(target, path).toBeDefined()
  }
})

test('every example fits its schema', () => {
  let checked = 0
  for (const [name, operation] of operations) {
    const [method = '', path = ''] = name.split(' ')
    const bodies: [string[], Record<string, Media>][] = [
      ...(operation.requestBody
        ? [[['requestBody'], operation.requestBody.content] as [string[], Record<string, Media>]]
        : []),
      ...Object.entries(operation.responses).map(([status, response]): [string[], Record<string, Media>] => [
        ['responses', status],
        response.content ?? {},
      ]),
    ]
    for (const [where, content] of bodies) {
      for (const [type, media] of Object.entries(content)) {
        if (media.example === undefined) continue
        const valid = validatorAt('paths', path, method, ...where, 'content', type, 'schema')
        expect(valid(media.example), `${name} ${where.join(' ')}: ${ajv.errorsText(valid.errors)}`).toBe(true)
        checked++
      }
    }
  }
  expect(checked).toBeGreaterThan(30)
})

describe('answers are as the document says', () => {
  test.each([
    ['get', '/api/sync/status', '/api/sync/status'],
    ['post', '/api/sync/trigger', '/api/sync/trigger', {}],
    ['post', '/api/sync/trigger', '/api/sync/trigger', {}],
    ['post', '/api/sync/trigger', '/api/sync/trigger', { symbols: ['?'] }],
    ['get', '/api/sync/status', '/api/sync/status'],
    ['get', '/api/runs', '/api/runs'],
    ['get', '/api/runs', '/api/runs?limit=x'],
    ['get', '/api/runs/{id}', '/api/runs/ID'],
    ['get', '/api/runs/{id}/batches', '/api/runs/ID/batches'],
    ['get', '/api/runs/{id}/logs', '/api/runs/ID/logs'],
    ['post', '/api/runs/{id}/pause', '/api/runs/ID/pause'],
    ['post', '/api/runs/{id}/retry', '/api/runs/ID/retry'],
    ['post', '/api/runs', '/api/runs', { job: 'stock_list' }],
    ['post', '/api/plan', '/api/plan', { job: 'daily_history', params: {} }],
    ['get', '/api/failures', '/api/failures'],
    ['get', '/api/stocks', '/api/stocks'],
    ['get', '/api/stocks', '/api/stocks?exchange=NYSE'],
    ['get', '/api/stocks/{symbol}', '/api/stocks/600999.SH'],
    ['get', '/api/coverage', '/api/coverage?dataset=bars'],
    ['get', '/api/coverage', '/api/coverage?dataset=stock_list'],
    ['get', '/api/failures', '/api/failures?error_class=Banned'],
    ['post', '/api/failures/retry', '/api/failures/retry', {}],
    ['post', '/api/failures/retry', '/api/failures/retry', { ids: [] }],
    ['post', '/api/failures/{id}/resolve', '/api/failures/17/resolve'],
    ['get', '/api/sync/history', '/api/sync/history'],
    ['get', '/api/sync/history', '/api/sync/history?page=0'],
    ['get', '/api/sync/logs', '/api/sync/logs'],
    ['get', '/api/sync/logs', '/api/sync/logs?since=yesterday'],
    ['get', '/api/multi-period-sync/statistics', '/api/multi-period-sync/statistics'],
    ['post', '/api/multi-period-sync/start-full', '/api/multi-period-sync/start-full', { periods: [7] }],
    ['post', '/scheduler/jobs/{job_id}/start', '/scheduler/jobs/weekly/start', { interval_minutes: 30 }],
    ['post', '/scheduler/jobs/{job_id}/start', '/scheduler/jobs/weekly/start', { interval_minutes: 'x' }],
    ['post', '/scheduler/jobs/{job_id}/schedule', '/scheduler/jobs/weekly.noon/schedule', { hour: 12 }],
    ['get', '/scheduler/status', '/scheduler/status'],
    ['post', '/scheduler/jobs/{job_id}/pause', '/scheduler/jobs/weekly/pause'],
    ['post', '/scheduler/jobs/{job_id}/resume', '/scheduler/jobs/weekly/resume'],
    ['post', '/scheduler/jobs/{job_id}/stop', '/scheduler/jobs/weekly/stop'],
    ['post', '/scheduler/jobs/{job_id}/stop', '/scheduler/jobs/nobody/stop'],
    ['post', '/scheduler/jobs/{job_id}/trigger', '/scheduler/jobs/weekly/trigger'],
    ['post', '/sync', '/sync'],
    ['post', '/sync/daily', '/sync/daily?limit=0'],
    ['post', '/sync/daily', '/sync/daily?limit=2'],
    ['get', '/api/gaps', '/api/gaps'],
    ['get', '/api/gaps', '/api/gaps?cursor=x'],
    [
      'post',
      '/api/gaps/accept',
      '/api/gaps/accept',
      { dataset: 'bars', from: '2026-01-05', to: '2026-01-05' },
    ],
    [
      'post',
      '/api/gaps/reopen',
      '/api/gaps/reopen',
      { dataset: 'bars', from: '2026-01-05', to: '2026-01-05' },
    ],
    ['get', '/api/quality', '/api/quality'],
    ['get', '/api/agreement', '/api/agreement'],
    ['get', '/api/quarantine', '/api/quarantine'],
    ['get', '/api/revisions', '/api/revisions'],
    ['get', '/api/bars', '/api/bars?date=2026-11-20&adjust=qfq'],
    ['get', '/api/bars', '/api/bars?from=2026-11-20&format=csv'],
    ['get', '/api/valuation', '/api/valuation?date=2026-11-20'],
    ['get', '/api/factors', '/api/factors?date=2026-11-20'],
    ['get', '/api/calendar', '/api/calendar'],
    ['get', '/api/calendar', '/api/calendar?from=2026-02-01&to=2026-01-01'],
    ['get', '/api/financials', '/api/financials?symbol=600999.SH'],
    ['get', '/api/indices/{symbol}/bars', '/api/indices/000300/bars'],
    ['get', '/api/bars', '/api/bars?symbol=600999.SH'],
    ['get', '/api/bars', '/api/bars?symbol=600000&date=2026-11-20'],
    ['get', '/api/sources', '/api/sources'],
    ['get', '/api/sources/{name}', '/api/sources/baostock'],
    ['get', '/api/sources/{name}', '/api/sources/nobody'],
    ['put', '/api/sources/{name}', '/api/sources/tushare', { priority: 5, pinned: true }],
    ['put', '/api/sources/{name}', '/api/sources/tushare', { priority: 0 }],
    ['put', '/api/sources/{name}', '/api/sources/tushare', { token: 'a-token-of-a-test' }],
    ['get', '/api/sync/multi-source/sources/status', '/api/sync/multi-source/sources/status'],
    ['post', '/api/sync/multi-source/sources/test', '/api/sync/multi-source/sources/test', {}],
    ['post', '/api/sync/multi-source/sources/test', '/api/sync/multi-source/sources/test', { source: 'x' }],
    [
      'post',
      '/api/sync/multi-source/sources/test',
      '/api/sync/multi-source/sources/test',
      { source: 'akshare' },
    ],
    ['get', '/api/session', '/api/session'],
    ['post', '/api/session', '/api/session', { key: 'wrong' }],
    ['get', '/api/keys', '/api/keys'],
    ['get', '/api/audit', '/api/audit'],
    ['get', '/api/audit', '/api/audit?since=yesterday'],
    ['get', '/healthz', '/healthz'],
    ['get', '/readyz', '/readyz'],
  ])('%s %s by %s %j', async (method, route, path, body?: object) => {
    const [run] = await lab.db.sql`select id from sync_run order by created_at limit 1`
    const url = path.replace('ID', String(run?.['id']))
    const answer = await (method === 'get'
      ? lab.get(url)
      : method === 'put'
        ? lab.put(url, body)
        : lab.post(url, body))
    const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
    expect(Object.keys(document.paths[route]?.[method]?.responses ?? {})).toContain(String(answer.status))
    const valid = validatorAt(
      'paths',
      route,
      method,
      'responses',
      String(answer.status),
      'content',
      type,
      'schema',
    )
    expect(valid(answer.body), `${answer.status} ${ajv.errorsText(valid.errors)} in ${answer.text}`).toBe(
      true,
    )
  })
})
