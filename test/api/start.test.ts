import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { RECONCILER_LOCK, reconcileAll } from '../../api/reconciler.ts'
import { TemporalGateway } from '../../api/temporal/gateway.ts'
import { getRun, insertRun, type RunRow } from '../../db/queries/runs.ts'
import { runWorkflowId } from '../../workflows/contract/ids.ts'
import { awayClient } from '../support/temporal.ts'
import { type ApiLab, clientOf, openApiLab } from './support.ts'

/* Who may start a run, and what becomes of runs whose starter or workflow died. No worker: nothing runs by itself. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
})
afterEach(() => lab.clear())
afterAll(() => lab.close())

interface Triggered {
  success: boolean
  message: string
  data: { job_id: string; status: string; parameters: Record<string, unknown> }
}

const trigger = (body?: unknown) => lab.post<Triggered>('/api/sync/trigger', body)

async function insertPending(): Promise<RunRow> {
  const id = randomUUID()
  const row = await insertRun(lab.db, {
    id,
    job: 'stock_list',
    params: {},
    lockKey: 'global',
    workflowId: runWorkflowId(id),
    requestId: null,
  })
  if (!row) throw new Error('the lock is held')
  return row
}

/** As if the row had been written that long ago. */
const age = (id: string, seconds: number) =>
  lab.db.sql`update sync_run set updated_at = now() - make_interval(secs => ${seconds}) where id = ${id}`

const statusOf = async (id: string) => (await getRun(lab.db, id))?.status

test('of fifty starts at once exactly one starts, and the others name it', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => trigger({})))
  const started = answers.filter((answer) => answer.status === 200)
  expect(started).toHaveLength(1)
  const id = started[0]?.body.data.job_id ?? ''
  const refused = answers.filter((answer) => answer.status === 429)
  expect(refused).toHaveLength(49)
  for (const { body } of refused) {
    expect(body).toMatchObject({ success: false, data: null, run_id: id })
    expect(body.message).toContain(id)
  }
  const runs = await lab.db.sql`select id from sync_run where status = 'pending'`
  expect(runs).toHaveLength(1)
  expect((await lab.client.workflow.getHandle(runWorkflowId(id)).describe()).status.name).toBe('RUNNING')
})

test('a run carries its request id, its parameters and what the Web UI shows', async () => {
  const answer = await lab.post<Triggered>(
    '/api/sync/trigger',
    { symbols: ['600000', 'sh.600000', 'SZ000001'], periods: ['daily'], start_date: '2025-01-02' },
    { 'x-request-id': 'order-42' },
  )
  expect(answer.headers.get('x-request-id')).toBe('order-42')
  const row = await getRun(lab.db, answer.body.data.job_id)
  expect(row).toMatchObject({
    job: 'daily_history',
    requestId: 'order-42',
    params: { symbols: ['600000.SH', '000001.SZ'], start_date: '2025-01-02' },
  })
  const description = await lab.client.workflow.getHandle(row?.workflowId ?? '').describe()
  expect(description.memo).toMatchObject({ runId: row?.id, epoch: 1 })
  const shown = description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])
  expect(Object.fromEntries(shown)).toMatchObject({ SyncJob: 'daily_history', SyncRunId: row?.id })
})

test('a start takes over from a holder whose workflow was terminated', async () => {
  const first = (await trigger({})).body.data.job_id
  await lab.client.workflow.getHandle(runWorkflowId(first)).terminate('by hand')
  const second = await trigger({})
  expect(second.status).toBe(200)
  expect(await statusOf(first)).toBe('terminated')
})

test('a start takes over from a holder that Temporal does not know', async () => {
  const dead = await insertPending()
  await lab.db.sql`update sync_run set status = 'running' where id = ${dead.id}`
  expect((await trigger({})).status).toBe(200)
  expect(await statusOf(dead.id)).toBe('terminated')
})

test('a pending run is not taken for dead while its starter may still be at work', async () => {
  const young = await insertPending()
  const answer = await trigger({})
  expect(answer.status).toBe(429)
  expect(answer.body.message).toContain(young.id)
  expect(await statusOf(young.id)).toBe('pending')
})

test('the reconciler starts a pending run whose starter died', async () => {
  const { id } = await insertPending()
  await reconcileAll(lab.api)
  await expect(lab.client.workflow.getHandle(runWorkflowId(id)).describe()).rejects.toThrow(/not found/)
  await age(id, 6)
  await reconcileAll(lab.api)
  const { status, memo } = await lab.client.workflow.getHandle(runWorkflowId(id)).describe()
  expect(status.name).toBe('RUNNING')
  expect(memo).toMatchObject({ epoch: 1 })
})

test('a terminated run can be retried: the same workflow id under a new owner', async () => {
  const id = (await trigger({})).body.data.job_id
  await lab.client.workflow.getHandle(runWorkflowId(id)).terminate('by hand')
  await reconcileAll(lab.api)
  expect(await statusOf(id)).toBe('terminated')
  const retried = await lab.post(`/api/runs/${id}/retry`)
  expect(retried.status).toBe(200)
  expect(retried.body).toMatchObject({ id, status: 'pending', message: null })
  const description = await lab.client.workflow.getHandle(runWorkflowId(id)).describe()
  expect(description.status.name).toBe('RUNNING')
  expect(description.memo).toMatchObject({ epoch: (await getRun(lab.db, id))?.ownerEpoch })
  await reconcileAll(lab.api)
  expect(await statusOf(id)).toBe('pending')
})

test('a retry ends an execution of the owner before that is still open', async () => {
  const id = (await trigger({})).body.data.job_id
  const before = await lab.client.workflow.getHandle(runWorkflowId(id)).describe()
  await lab.db.sql`update sync_run set status = 'terminated', owner_epoch = owner_epoch + 1 where id = ${id}`
  expect((await lab.post(`/api/runs/${id}/retry`)).status).toBe(200)
  const after = await lab.client.workflow.getHandle(runWorkflowId(id)).describe()
  expect(after.runId).not.toBe(before.runId)
  const old = await lab.client.workflow.getHandle(runWorkflowId(id), before.runId).describe()
  expect(old.status.name).toBe('TERMINATED')
})

test('a retry is refused while the run is open, and while another one holds the lock', async () => {
  const first = (await trigger({})).body.data.job_id
  const early = await lab.post(`/api/runs/${first}/retry`)
  expect(early).toMatchObject({ status: 409, body: { code: 'run_not_final' } })
  await lab.clear()
  const holder = (await trigger({})).body.data.job_id
  const late = await lab.post(`/api/runs/${first}/retry`)
  expect(late).toMatchObject({ status: 429, body: { code: 'run_active', run_id: holder } })
})

test('a run that never began is cancelled at once, and force needs no more than that', async () => {
  const { id } = await insertPending()
  expect((await lab.post(`/api/runs/${id}/cancel`)).body).toMatchObject({ status: 'cancelled' })
  const other = await insertPending()
  const forced = await trigger({ force: true })
  expect(forced.status).toBe(200)
  expect(await statusOf(other.id)).toBe('cancelled')
})

test('every way to start a run names the one under way in a field of its own', async () => {
  const { id: run_id } = await insertPending()
  for (const path of [
    '/api/sync/trigger',
    '/api/multi-period-sync/start-incremental',
    '/api/multi-period-sync/start-full',
    '/api/multi-period-sync/start-all-history',
    '/sync',
    '/scheduler/jobs/weekly/trigger',
  ])
    expect(await lab.post(path), path).toMatchObject({
      status: 429,
      body: { success: false, data: null, run_id },
    })
  const ours = await lab.post('/api/runs', { job: 'weekly' })
  expect(ours).toMatchObject({ status: 429, body: { code: 'run_active', run_id } })
})

test('POST /api/runs takes the place of the run under way only when it is told to', async () => {
  const other = await insertPending()
  expect((await lab.post('/api/runs', { job: 'weekly', force: false })).status).toBe(429)
  expect(await statusOf(other.id)).toBe('pending')
  const forced = await lab.post('/api/runs', { job: 'weekly', force: true })
  expect(forced).toMatchObject({ status: 201, body: { job: 'weekly', status: 'pending' } })
  expect(await statusOf(other.id)).toBe('cancelled')
})

test('steering a run that has ended is refused with what to do; an unknown one is not found', async () => {
  const id = (await trigger({})).body.data.job_id
  await lab.clear()
  for (const action of ['pause', 'resume', 'cancel']) {
    const answer = await lab.post(`/api/runs/${id}/${action}`)
    expect(answer).toMatchObject({ status: 409, body: { code: 'run_final', run_id: id } })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  }
  const unknown = await lab.post(`/api/runs/${randomUUID()}/pause`)
  expect(unknown).toMatchObject({ status: 404, body: { code: 'run_not_found' } })
})

test('steering a run whose workflow is gone says so and shows it as terminated', async () => {
  const id = (await trigger({})).body.data.job_id
  await lab.db.sql`update sync_run set status = 'running' where id = ${id}`
  await lab.client.workflow.getHandle(runWorkflowId(id)).terminate('by hand')
  const answer = await lab.post(`/api/runs/${id}/pause`)
  expect(answer).toMatchObject({ status: 409, body: { code: 'run_gone' } })
  expect(await statusOf(id)).toBe('terminated')
})

test('only one process at a time compares runs with Temporal', async () => {
  const { id } = await insertPending()
  await age(id, 6)
  const other = await lab.db.sql.reserve()
  await other`select pg_advisory_lock(${RECONCILER_LOCK})`
  await reconcileAll(lab.api)
  await expect(lab.client.workflow.getHandle(runWorkflowId(id)).describe()).rejects.toThrow(/not found/)
  await other`select pg_advisory_unlock(${RECONCILER_LOCK})`
  other.release()
  await reconcileAll(lab.api)
  expect((await lab.client.workflow.getHandle(runWorkflowId(id)).describe()).status.name).toBe('RUNNING')
})

test('while Temporal is away a free lock is taken and a held one is not judged', async () => {
  const temporal = new TemporalGateway(awayClient(), 'default')
  const { post } = clientOf(createApp({ ...lab.api, temporal }))
  const first = await post<Triggered>('/api/sync/trigger')
  expect(first).toMatchObject({ status: 200, body: { data: { status: 'pending' } } })
  const second = await post<Triggered>('/api/sync/trigger')
  expect(second).toMatchObject({ status: 503, body: { success: false, data: null } })
  expect(second.body.message).toContain('Temporal does not answer')
  const paused = await post(`/api/runs/${first.body.data.job_id}/pause`)
  expect(paused).toMatchObject({ status: 503, body: { code: 'temporal_unavailable' } })
})

test('an execution that ran out of time ends its run as failed', async () => {
  const row = await insertPending()
  // A workflow that no worker runs can only be made to fail from outside by a time-out.
  await lab.client.workflow.start('syncRun', {
    workflowId: row.workflowId,
    taskQueue: 'nobody',
    workflowExecutionTimeout: '1s',
    memo: { epoch: 1 },
  })
  await expect
    .poll(
      async () => {
        await reconcileAll(lab.api)
        return await statusOf(row.id)
      },
      { timeout: 60_000 },
    )
    .toBe('failed')
})
