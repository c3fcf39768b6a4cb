import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRun } from '../../../activities/open-run.ts'
import { type ApiLab, openApiLab } from '../support.ts'
import { bearer, CONFIGURED, KEYS, OPEN } from './support.ts'

/* One id follows a request through everything that it set going. */

let lab: ApiLab
beforeAll(async () => {
  lab = await openApiLab({ api: { access: { ...OPEN, keys: CONFIGURED } } })
})
afterAll(() => lab.close())

test('the id of a request stands in the run, its workflow, its log and the audit log', async () => {
  const asked = (id: string) => ({ ...bearer(KEYS.operator), 'x-request-id': id })
  const started = await lab.post<{ id: string; request_id: string }>(
    '/api/runs',
    { job: 'stock_list' },
    asked('start-1'),
  )
  const { id } = started.body
  expect(started.body.request_id).toBe('start-1')
  const { memo } = await lab.client.workflow.getHandle(`sync/${id}`).describe()
  expect(memo).toMatchObject({ runId: id, requestId: 'start-1' })
  // What the worker does first with a run.
  await openRun(lab.deps, { runId: id, epoch: 1 })
  expect((await lab.post(`/api/runs/${id}/pause`, undefined, asked('pause-1'))).status).toBe(200)

  const logs = await lab.get<{ items: { message: string; details: unknown }[] }>(
    `/api/runs/${id}/logs`,
    asked('read-1'),
  )
  expect(logs.body.items).toMatchObject([
    { message: expect.stringContaining('stock_list started') as string, details: { request_id: 'start-1' } },
    { message: 'pause requested', details: { request_id: 'pause-1', by: 'the-operator' } },
  ])
  const entries = await lab.db.sql`select request_id, path, status, summary from audit_log order by id`
  expect(entries).toMatchObject([
    { request_id: 'start-1', path: '/api/runs', status: 201, summary: 'job: stock_list' },
    { request_id: 'pause-1', path: `/api/runs/${id}/pause`, status: 200, summary: null },
  ])
})

test('an id that could break a line is replaced by one of ours', async () => {
  for (const bad of ['a b', 'a"b', 'x'.repeat(65), '']) {
    const { headers } = await lab.get('/healthz', { 'x-request-id': bad })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
  expect(
    (await lab.get('/healthz', { 'x-request-id': 'trace:4bf92f35.1' })).headers.get('x-request-id'),
  ).toBe('trace:4bf92f35.1')
})
