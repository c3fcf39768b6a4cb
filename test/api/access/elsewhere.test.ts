import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiLab, openApiLab } from '../support.ts'
import { bearer, CONFIGURED, KEYS, OPEN } from './support.ts'

/* Paths and ids that lead to what is none of this service's. */

const ID = '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90'

let lab: ApiLab
beforeAll(async () => {
  lab = await openApiLab({ api: { access: { ...OPEN, keys: CONFIGURED } } })
})
afterAll(() => lab.close())

describe('paths that lead elsewhere', () => {
  test.each([
    '/../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/api/runs/..%2f..%2fhealthz',
    '/api//runs',
    '//evil.example/api/runs',
    '/api/runs%00',
    '/api/runs/%ff',
    '/api/bars;/x',
    '/.env',
    '/docs/../config.ts',
  ])('%s', async (path) => {
    const response = await lab.app.request(`http://localhost${path}`, { headers: bearer(KEYS.admin) })
    expect([400, 404]).toContain(response.status)
    expect(await response.text()).not.toMatch(/root:|TUSHARE_TOKEN=/)
  })

  test('an address that is too long', async () => {
    const answer = await lab.get(`/api/runs?job=${'x'.repeat(9_000)}`, bearer(KEYS.admin))
    expect(answer).toMatchObject({ status: 414, body: { code: 'address_too_long' } })
  })
})

describe('workflows that are none of a run of ours', () => {
  test.each(['cancel', 'pause', 'resume', 'retry'])('%s reaches none of them', async (action) => {
    const handle = await lab.client.workflow.start('syncRun', {
      workflowId: `sync/${ID}`,
      taskQueue: 'of-somebody-else',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [],
    })
    const attempts = [
      ID,
      `sync%2f${ID}`,
      `sync/${ID}`,
      'schedule%2fdaily_incremental',
      handle.firstExecutionRunId,
    ]
    for (const id of attempts)
      expect([400, 404]).toContain(
        (await lab.post(`/api/runs/${id}/${action}`, undefined, bearer(KEYS.admin))).status,
      )
    const { status, historyLength } = await handle.describe()
    expect({ status: status.name, historyLength }).toEqual({ status: 'RUNNING', historyLength: 2 })
  })
})
