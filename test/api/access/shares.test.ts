import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clientOf } from '../support.ts'
import { type AccessLab, bearer, CONFIGURED, KEYS, openAccessLab } from './support.ts'

/* What there is little of is shared: no caller can keep it from the others. */

let lab: AccessLab
beforeAll(async () => {
  lab = await openAccessLab()
})
afterAll(() => lab.close())

const PLAN = { job: 'stock_list', params: {} }

test('plans of one caller wait for each other, and only so many; another caller has one at once', async () => {
  let goOn = (): void => undefined
  const released = new Promise<void>((resolve) => (goOn = resolve))
  const real = lab.app({ keys: CONFIGURED })
  // The sources are what a plan asks for first.
  let asked = 0
  const app = lab.app(
    { keys: CONFIGURED },
    {
      sources: async () => {
        asked++
        await released
        throw new Error('the end of this test')
      },
    },
  )
  const { post } = clientOf(app)
  const many = Array.from({ length: 22 }, () => post('/api/plan', PLAN, bearer(KEYS.operator)))
  const refused = await Promise.race(many)
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_plans' } })
  expect(refused.headers.get('retry-after')).toBe('10')
  expect(asked).toBe(1)
  const other = post('/api/plan', PLAN, bearer(KEYS.viewer))
  await expect.poll(() => asked).toBe(2)
  goOn()
  expect(
    (await Promise.all(many)).map(({ status }) => status).filter((status) => status === 429),
  ).toHaveLength(1)
  expect((await other).status).toBe(500)
  // And the reason that they have ended with is not one of the service.
  expect((await clientOf(real).post('/api/plan', PLAN, bearer(KEYS.viewer))).status).toBe(200)
})

test('whoever has all event streams loses one to somebody who has none, and may come back', async () => {
  const id = randomUUID()
  await lab.db.sql`
    insert into sync_run (id, job, status, params, lock_key, workflow_id, started_at)
    values (${id}, 'stock_list', 'running', '{}', 'global', ${`sync/${id}`}, now())`
  const app = lab.app({ keys: CONFIGURED })
  const listen = async (key: string) => {
    const response = await app.request(`/api/runs/${id}/events`, { headers: bearer(key) })
    const reader = response.body?.getReader()
    onTestFinished(() => void reader?.cancel())
    return { status: response.status, reader }
  }
  // The first two after each other, so that they are the oldest ones.
  const oldest = await listen(KEYS.operator)
  const second = await listen(KEYS.operator)
  const others = await Promise.all(Array.from({ length: 48 }, () => listen(KEYS.operator)))
  expect([oldest, second, ...others].every(({ status }) => status === 200)).toBe(true)
  const other = await listen(KEYS.viewer)
  expect(other.status).toBe(200)
  expect(Buffer.from((await other.reader?.read())?.value ?? []).toString()).toContain('event: progress')
  while (!(await oldest.reader?.read())?.done);
  // As a browser does by itself; refused, it would never try again.
  const again = await listen(KEYS.operator)
  expect(again.status).toBe(200)
  while (!(await second.reader?.read())?.done);
  for (const { reader } of [other, again, ...others.slice(0, 1)])
    expect((await reader?.read())?.done).toBe(false)
})

test('strangers are told that the service is not ready, and what is away, but not why', async () => {
  const { get } = clientOf(lab.app({ keys: CONFIGURED }))
  interface Readiness {
    ready: boolean
    checks: Record<'postgres' | 'temporal' | 'worker', { ok: boolean; reason: string | null }>
  }
  const stranger = await get<Readiness>('/readyz')
  expect(stranger).toMatchObject({ status: 503, body: { ready: false, checks: { postgres: { ok: true } } } })
  expect(stranger.body.checks.temporal).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/with a key are told/) as string,
  })
  expect((await get<Readiness>('/readyz', bearer('wrong'))).body).toEqual(stranger.body)
  // Whoever has a key, and everybody where none is needed.
  const told = [
    await get<Readiness>('/readyz', bearer(KEYS.viewer)),
    await clientOf(lab.app()).get<Readiness>('/readyz'),
  ]
  for (const { body } of told)
    expect(body.checks.temporal.reason).toMatch(/^Temporal: (no connection|UNAVAILABLE)/)
})

// What a busy machine adds to it is not the service's.
test('that Temporal is away is told within two seconds', { retry: 3 }, async () => {
  const began = performance.now()
  const { status } = await clientOf(lab.app()).get('/scheduler/status')
  expect(status).toBe(503)
  expect(performance.now() - began).toBeLessThan(2_000)
})
