import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'
import { eventually, runsOf, startScheduled } from './support.ts'

/* What a schedule starts: how it gets the lock, when it tries again, when it is needless, who goes first. */

let lab: Lab

beforeAll(async () => {
  lab = await openLab({
    market: yearMarket(12),
    batchSize: 4,
    settings: { lockPollMs: 100 },
    tushare: { timeoutMs: 60_000 },
  })
  // Nobody lives through the minute for which a refusal blocks its interface.
  await lab.db.sql.unsafe(`
    create function for_a_moment() returns trigger language plpgsql as $$ begin
      new.blocked_until := clock_timestamp() + interval '0.5 seconds';
      return new;
    end $$;
    create trigger for_a_moment before update of blocked_until on source_budget
      for each row execute function for_a_moment()`)
})
afterEach(async () => {
  lab.upstream.setFaults([])
  for await (const { workflowId, runId } of lab.client.workflow.list({
    query: 'ExecutionStatus = "Running"',
  }))
    await lab.client.workflow
      .getHandle(workflowId, runId)
      .terminate('end of test')
      .catch(() => undefined)
  await lab.db.sql`
    update sync_run set status = 'terminated', owner_epoch = owner_epoch + 1, finished_at = now() where finished_at is null`
  await lab.db.sql`truncate lock_waiter`
  await lab.db.sql`update source_health set resting_until = null`
  await lab.db.sql`update source_budget set learned_per_minute = null`
})
afterAll(() => lab.close())

const messages = async () =>
  (await lab.db.sql<{ message: string }[]>`select message from sync_log where run_id is null`).map(
    ({ message }) => message,
  )
const holder = (id: string) => lab.client.workflow.getHandle(`sync/${id}`)

test('a start makes one run, of its own name, and ends with it', async () => {
  const start = await startScheduled(lab, { job: 'stock_list' })
  const result = await start.end()
  expect(result).toMatchObject({ outcome: 'success', tries: 1, message: null })
  const [row] = await lab.db.sql`select request_id, status from sync_run where id = ${result.runId}`
  expect(row).toEqual({ request_id: start.workflowId, status: 'success' })
  const { memo } = await holder(result.runId).describe()
  expect(memo).toMatchObject({ runId: result.runId, requestId: start.workflowId })
})

test('a start is superseded by a run of the same job and parameters that began since, and by no other', async () => {
  const before = await runsOf(lab, 'stock_list')
  // The nominal time of a start by hand is that of its workflow: a run that begins later is already there when it looks.
  lab.upstream.setFaults([{ kind: 'latency', api: 'stock_basic', ms: 60_000 }])
  const running = await lab.start('stock_list')
  await lab.until(running, ['running'])
  const same = await startScheduled(lab, { job: 'stock_list' })
  const other = await startScheduled(lab, { job: 'stock_list', params: { preferred_sources: ['tushare'] } })
  await lab.db.sql`update sync_run set started_at = now() where id = ${running}`
  lab.upstream.setFaults([])
  expect(await same.end()).toMatchObject({ outcome: 'superseded', runId: running, tries: 1 })
  expect((await other.end()).outcome).toBe('success')
  expect(await runsOf(lab, 'stock_list')).toHaveLength(before.length + 2)
  expect((await messages()).filter((line) => line.includes(running))).toHaveLength(1)
})

test('a source that fails is tried three times, one that refuses the account once', async () => {
  const [symbol = ''] = lab.market.instruments.map(({ code }) => code)
  const params = (day: string) => ({ symbols: [symbol], start_date: day, end_date: day })
  lab.upstream.setFaults([
    { kind: 'missing_column', api: 'daily', column: 'close' },
    { kind: 'missing_column', api: 'adj_factor', column: 'adj_factor' },
    { kind: 'missing_column', api: 'suspend_d', column: 'trade_date' },
  ])
  const failing = await startScheduled(lab, { job: 'daily_history', params: params('2026-11-18') })
  expect(await failing.end()).toMatchObject({ outcome: 'success_with_errors', tries: 3 })
  lab.upstream.setFaults([{ kind: 'no_permission' }])
  const denied = await startScheduled(lab, { job: 'daily_history', params: params('2026-11-19') })
  expect(await denied.end()).toMatchObject({ tries: 1 })
  await lab.db.sql`update source_budget set denied_at = null`
  lab.upstream.setFaults([{ kind: 'bad_token' }])
  const refused = await startScheduled(lab, { job: 'daily_history', params: params('2026-11-20') })
  expect(await refused.end()).toMatchObject({ outcome: 'failed', tries: 1 })
  const runs = await lab.db.sql<{ day: string; error_class: string; status: string }[]>`
    select params ->> 'start_date' as day, error_class, status from sync_run where job = 'daily_history' order by created_at`
  expect(runs.map(({ day, status, error_class }) => [day, status, error_class])).toEqual([
    ...Array.from({ length: 3 }, () => ['2026-11-18', 'success_with_errors', null]),
    ['2026-11-19', 'failed', 'PermissionDenied'],
    ['2026-11-20', 'failed', 'AuthFailed'],
  ])
})

test.each([
  ['blocks the address', { kind: 'too_many_addresses' }, 'Banned', '2026-11-16'],
  ['has no calls left', { kind: 'rate_limited', api: 'daily', limit: 300 }, 'RateLimited', '2026-11-17'],
] as const)(
  'a source that %s is waited for by the one run, and asked by no other',
  async (_, fault, error, day) => {
    const [symbol = ''] = lab.market.instruments.map(({ code }) => code)
    lab.upstream.setFaults([fault])
    const params = { symbols: [symbol], start_date: day, end_date: day }
    const start = await startScheduled(lab, { job: 'daily_history', params })
    const isMet = () =>
      error === 'Banned'
        ? lab.db.sql`select from source_health where error_class = ${error} and resting_until is not null`
        : lab.db.sql`select from source_budget where learned_per_minute = 300`
    await eventually(async () => (await isMet()).count > 0, error)
    lab.upstream.setFaults([])
    expect(await start.end()).toMatchObject({ outcome: 'success', tries: 1 })
    const runs = await lab.db.sql`select status from sync_run where params ->> 'start_date' = ${day}`
    expect(runs).toEqual([{ status: 'success' }])
  },
)

test('a run that a person cancels or terminates is not tried again', async () => {
  for (const how of ['cancel', 'terminate'] as const) {
    lab.upstream.setFaults([{ kind: 'hang' }])
    const start = await startScheduled(lab, { job: 'stock_list', params: { refresh: true } })
    const run = await eventually(
      async () => (await runsOf(lab, 'stock_list')).find(({ status }) => status === 'running'),
      'the run',
    )
    await holder(run.id)[how]()
    expect(await start.end()).toMatchObject({
      outcome: how === 'cancel' ? 'cancelled' : 'terminated',
      runId: run.id,
      tries: 1,
    })
    lab.upstream.setFaults([])
  }
})

test('a start that is cancelled ends its run; one that waits for the lock leaves no row', async () => {
  lab.upstream.setFaults([{ kind: 'hang' }])
  const first = await startScheduled(lab, { job: 'stock_list', params: { refresh: true } })
  const run = await eventually(
    async () => (await runsOf(lab, 'stock_list')).find(({ status }) => status === 'running'),
    'the run',
  )
  const second = await startScheduled(lab, { job: 'stock_basics' })
  await eventually(async () => (await lab.db.sql`select from lock_waiter`).length > 0, 'the waiter')
  await second.cancel()
  await expect(second.end()).rejects.toThrow()
  expect(await runsOf(lab, 'stock_basics')).toEqual([])
  expect(await lab.db.sql`select from lock_waiter`).toHaveLength(0)
  await first.cancel()
  await first.end().catch(() => undefined)
  expect((await lab.until(run.id)).status).toBe('cancelled')
})

test('a run that the reconciler has started already is waited for', async () => {
  lab.upstream.setFaults([{ kind: 'latency', ms: 60_000 }])
  const before = await lab.start('stock_list', { refresh: true })
  const start = await startScheduled(lab, { job: 'stock_basics' })
  const [waiter] = await eventually(async () => {
    const rows = await lab.db.sql<{ run_id: string }[]>`select run_id from lock_waiter`
    return rows.length > 0 && rows
  }, 'the waiter')
  const runId = waiter?.run_id ?? ''
  // An execution that nobody works on: it is there when the child is to be started.
  await lab.client.workflow.start('syncRun', {
    workflowId: `sync/${runId}`,
    taskQueue: 'nobody',
    memo: { epoch: 1 },
  })
  lab.upstream.setFaults([])
  await lab.until(before)
  // Ended before it was met, it would be in nobody's way.
  const isWaitedFor = async () => {
    const { pendingActivities } = (await start.describe()).raw
    return pendingActivities?.some(({ activityType }) => activityType?.name === 'awaitRun')
  }
  await eventually(isWaitedFor, 'that it is waited for')
  await holder(runId).terminate('by hand')
  expect(await start.end()).toMatchObject({ outcome: 'terminated', runId, tries: 1 })
})

test('a dead holder is closed without an API; who waits for an hour is told once, with the holder', async () => {
  lab.upstream.setFaults([{ kind: 'hang' }])
  const dead = await lab.start('stock_list', { refresh: true })
  await lab.until(dead, ['running'])
  await lab.db
    .sql`insert into lock_waiter (run_id, lock_key, job, until) values (gen_random_uuid(), 'other', 'weekly', now())`
  const start = await startScheduled(lab, { job: 'stock_basics' })
  const waiter = await eventually(
    async () =>
      (await lab.db.sql<{ run_id: string }[]>`select run_id from lock_waiter where lock_key = 'global'`)[0],
    'the waiter',
  )
  await lab.db
    .sql`update lock_waiter set since = now() - interval '61 minutes' where run_id = ${waiter.run_id}`
  const told = await eventually(
    async () => (await messages()).find((line) => line.includes('waiting for an hour')),
    'the warning',
  )
  expect(told).toContain(dead)
  await holder(dead).terminate('by hand')
  lab.upstream.setFaults([])
  expect((await start.end()).outcome).toBe('success')
  expect((await lab.until(dead)).status).toBe('terminated')
  expect((await messages()).filter((line) => line.includes('waiting for an hour'))).toHaveLength(1)
})

test('a backfill gives way between batches to a daily run, and brings everything after it', async () => {
  // One answer comes at once, the others when somebody waits for the lock.
  lab.upstream.setFaults([{ kind: 'latency', api: 'daily', ms: 60_000, from: 2 }])
  const backfill = await lab.start('daily_history', { ...wholeMarket(lab.market), refresh: true })
  await eventually(
    async () => (await lab.db.sql`select from sync_run where id = ${backfill} and cells_done > 0`).length > 0,
    'the first bars',
  )
  const daily = await startScheduled(lab, { job: 'daily_incremental' })
  await eventually(async () => (await lab.db.sql`select from lock_waiter`).length > 0, 'the waiter')
  lab.upstream.setFaults([])
  const waiting = await lab.until(backfill, ['waiting'])
  expect(waiting.message).toBe('gives way to daily_incremental')
  const [atYield] = await lab.db.sql<{ running: number }[]>`
    select count(*)::int as running from sync_batch where run_id = ${backfill} and state = 'running'`
  expect(atYield?.running).toBe(0)
  const result = await daily.end()
  expect(result.outcome).toBe('success')
  expect((await lab.until(backfill)).status).toBe('success')
  const order = await lab.db.sql<{ id: string }[]>`
    select id from sync_run where id in (${backfill}, ${result.runId}) order by finished_at`
  expect(order.map(({ id }) => id)).toEqual([result.runId, backfill])
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})
