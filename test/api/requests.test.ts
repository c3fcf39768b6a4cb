import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ApiLab, openApiLab } from './support.ts'

/* Which requests are refused, and how. No worker: nothing runs. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
})
afterEach(() => lab.clear())
afterAll(() => lab.close())

const TRIGGER = '/api/sync/trigger'

describe('what is refused', () => {
  test.each([
    ['an unknown field', { symbol: ['600000'] }, /symbol: is not known/],
    ['a bad symbol', { symbols: ['600000', 'HELLO'] }, /symbols\[1\]: "HELLO" is no symbol/],
    ['a number for a symbol', { symbols: [600000] }, /symbols\[0\]: must be text/],
    ['text for a list', { symbols: '600000' }, /symbols: must be a list/],
    ['no symbol at all', { symbols: [] }, /symbols: is empty/],
    ['a B share', { symbols: ['900901'] }, /"900901" is a B share/],
    ['an unknown period', { periods: ['hourly'] }, /periods\[0\]: must be one of daily, weekly, monthly/],
    [
      'an unknown source',
      { preferred_sources: ['yahoo'] },
      /preferred_sources\[0\]: "yahoo" is no source; known are tushare, akshare, baostock/,
    ],
    [
      'a day that does not exist',
      { periods: ['daily'], start_date: '2025-02-30' },
      /start_date: "2025-02-30" is no day/,
    ],
    [
      'a compact date',
      { periods: ['daily'], end_date: '20250131' },
      /end_date: must be written YYYY-MM-DD, like 2025-01-31/,
    ],
    [
      'a compact day that does not exist',
      { periods: ['daily'], end_date: '20250231' },
      /"20250231" is no date; write/,
    ],
    [
      'an end before the start',
      { periods: ['daily'], start_date: '2025-02-01', end_date: '2025-01-01' },
      /end_date: lies before start_date/,
    ],
    ['dates without bars', { start_date: '2025-01-01' }, /start_date: needs symbols or periods/],
    ['dates of all history', { all_history: true, start_date: '2025-01-01' }, /contradicts all_history/],
    ['text for yes or no', { force: 'yes' }, /force: expected boolean/],
    [
      'an unknown mode',
      { source_mode: 'race', periods: ['daily'] },
      /source_mode: must be one of failover, parallel, all/,
    ],
    ['an unknown want', { want: 'all', periods: ['daily'] }, /want: must be one of any, upgrade, each/],
    ['a list for a body', [], /expected object/],
    ['no JSON', '{"force":', /not well-formed JSON/],
  ])('%s', async (_, body, message) => {
    const answer = await lab.post(TRIGGER, body)
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      success: false,
      message: expect.stringMatching(message) as string,
      data: null,
    })
  })

  test.each([
    ['start-incremental', { symbols: 600000 }, 'symbols: must be a list of symbols'],
    ['start-full', { symbols: '600000' }, 'symbols: must be a list of symbols'],
    ['start-all-history', { symbols: 600000 }, 'symbols: must be a list of symbols'],
    ['start-all-history', { symbols: '600000' }, 'symbols: must be a list of symbols'],
    ['start-all-history', { symbols: { 0: '600000' } }, 'symbols: must be a list of symbols'],
    ['start-all-history', { symbols: [600000] }, 'symbols[0]: must be text'],
    ['start-all-history', { periods: 'daily' }, 'periods: expected array'],
    ['start-all-history', { data_sources: 'tushare' }, 'data_sources: expected array'],
    ['start-all-history', { force: 1 }, 'force: expected boolean'],
  ])('%s with %j', async (path, body, message) => {
    const answer = await lab.post(`/api/multi-period-sync/${path}`, body)
    expect(answer).toMatchObject({ status: 400, body: { success: false, data: null } })
    expect(answer.body['message']).toContain(message)
  })

  test.each([
    ['/api/coverage?dataset=bars&from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/gaps?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/quality?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/agreement?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/quarantine?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/revisions?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/calendar?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    ['/api/indices/000001.SH/bars?from=2026-11-20&to=2026-11-19', 'to: lies before from'],
    [
      '/api/runs/00000000-0000-4000-8000-000000000000/batches?state=odd',
      'state: must be one of pending, running, done, failed, skipped, split',
    ],
    ...['/api/runs?limit=1&limit=2', '/api/bars?symbol=600000&limit=1&limit=1', '/api/runs?limit&limit'].map(
      (path) => [
        path,
        'limit: is given more than once: give it once, and several values of it with commas between them',
      ],
    ),
    ['/api/service?limit=1&limit=1', 'limit: is not known here'],
  ])('GET %s', async (path, detail) => {
    expect(await lab.get(path)).toMatchObject({ status: 400, body: { code: 'invalid_request', detail } })
  })

  test('numbers and texts that are too small or too long', async () => {
    const answer = await lab.put('/api/sources/tushare', { priority: 0 })
    expect(answer.body['detail']).toBe('priority: must be at least 1')
    const long = await lab.get(`/api/agreement?field=${'x'.repeat(41)}`)
    expect(long.body['detail']).toBe('field: must be at most 40 characters long')
  })

  test('settings of a source that set nothing', async () => {
    const answer = await lab.put('/api/sources/tushare', {})
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(answer.body['detail']).toBe(
      'is empty: set one of enabled, priority, pinned, token, calls_per_minute, min_interval_ms',
    )
  })

  test.each([
    ['POST', '/api/runs', { job: 'nonsense', params: {} }, 'invalid_request'],
    ['POST', '/api/plan', { job: 'stock_list', params: {}, force: true }, 'invalid_request'],
    ['POST', '/api/runs', { job: 'stock_list', params: { symbols: ['600000'] } }, 'invalid_request'],
    [
      'POST',
      '/api/runs',
      { job: 'daily_history', params: { symbols: ['600000'], extra: 1 } },
      'invalid_request',
    ],
    ['POST', '/api/plan', { job: 'daily_history', params: { start_date: '2025-13-01' } }, 'invalid_request'],
    ['POST', '/api/plan', { job: 'daily_history', params: { source_mode: 'race' } }, 'invalid_request'],
    ['POST', '/api/runs', { job: 'compare', params: { source_mode: 'failover' } }, 'invalid_request'],
    [
      'POST',
      '/api/runs',
      { job: 'daily_history', params: { preferred_sources: ['yahoo'] } },
      'invalid_request',
    ],
    ['GET', '/api/runs?limit=0', undefined, 'invalid_request'],
    ['GET', '/api/runs?limits=5', undefined, 'invalid_request'],
    ['GET', '/api/runs?cursor=bm9uc2Vuc2U', undefined, 'invalid_request'],
    ['GET', '/api/runs/17', undefined, 'invalid_request'],
    ['GET', '/api/runs/0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90', undefined, 'run_not_found'],
    ['GET', '/api/failures?open=maybe', undefined, 'invalid_request'],
    ['GET', '/api/nothing', undefined, 'not_found'],
  ])('%s %s with %j is %s', async (method, path, body, code) => {
    const answer = method === 'GET' ? await lab.get(path) : await lab.post(path, body)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.body).toMatchObject({ code, status: answer.status, detail: expect.any(String) as string })
    expect(answer.body['request_id']).toBe(answer.headers.get('x-request-id'))
  })

  test('several wrong fields are named together', async () => {
    const { body } = await lab.post('/api/runs', {
      job: 'daily_history',
      params: { symbols: ['X'], end_date: '1' },
      force: 1,
    })
    expect((body['errors'] as { field: string }[]).map((error) => error.field).sort()).toEqual([
      'force',
      'params.end_date',
      'params.symbols[0]',
    ])
  })

  test('a body over 1 MiB, announced or not', async () => {
    const large = JSON.stringify({ symbols: ['6'.repeat(1_100_000)] })
    expect((await lab.post(TRIGGER, large, { 'content-length': String(large.length) })).status).toBe(413)
    expect((await lab.post('/api/runs', large)).body).toMatchObject({ code: 'body_too_large' })
  })

  test('a form, which other sites could send without asking', async () => {
    const answer = await lab.post(TRIGGER, 'force=true', {
      'content-type': 'application/x-www-form-urlencoded',
    })
    expect(answer.status).toBe(415)
  })
})

describe('the encoding of a body', () => {
  const typed = (type: string) => lab.post('/api/plan', { job: 'stock_list' }, { 'content-type': type })

  test.each(['utf-16', 'UTF-16LE', '"iso-8859-1"', 'gbk'])('is not %s', async (charset) => {
    expect(await typed(`application/json; charset=${charset}`)).toMatchObject({
      status: 415,
      body: { code: 'unsupported_media_type', detail: expect.stringContaining('in UTF-8') as string },
    })
  })

  test.each(['utf-8', '"UTF-8"', 'us-ascii'])('is %s', async (charset) => {
    expect((await typed(`application/json;charset=${charset}`)).status).toBe(200)
  })

  test('is of no interest where no body is read', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-16' }
    expect((await lab.post('/scheduler/jobs/weekly/pause', undefined, headers)).status).toBe(404)
  })
})

describe('what no schema can know is a fault of the request, never of the service', () => {
  const cursor = (text: string) => Buffer.from(text).toString('base64url')
  test.each([
    `/api/coverage?dataset=bars&cursor=${cursor('9999-99-99')}`,
    `/api/quality?cursor=${cursor('9999-99-99|bars')}`,
    '/api/quality?from=0000-01-01',
    '/api/gaps?from=0000-01-01',
    '/api/revisions?from=0000-01-01',
    `/api/runs?cursor=${cursor('0|00000000-0000-4000-8000-000000000000')}`,
    `/api/runs/00000000-0000-4000-8000-000000000000/batches?cursor=${cursor('999999999999999')}`,
  ])('%s', async (path) => {
    const answer = await lab.get(path)
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })
})
