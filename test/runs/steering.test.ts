import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, afterAll, expect, test } from 'vitest'
import { TASK_QUEUE } from '../../workflows/contract/ids.ts'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'

/*
 * Pause, resume, cancel and terminate while a run is under way: the upstream keeps its second answer and all that follow
 * until the test has done what it is about.
 */

let lab: Lab
const HELD = [{ kind: 'latency', api: 'daily', ms: 60_000, from: 2 }] as const

beforeAll(async () => {
  lab = await openLab({
    market: yearMarket(60, { years: 0.5 }),
    batchSize: 20,
    tushare: { timeoutMs: 60_000 },
  })
})
afterEach(async () => {
  lab.upstream.setFaults([])
  // A run that a failed test left behind must not fail the tests after it as well.
  for (const { id } of await lab.db.sql<
    { id: string }[]
  >`select id from sync_run where finished_at is null`) {
    await handle(id)
      .terminate('left behind by a test')
      .catch(() => undefined)
    await lab.db
      .sql`update sync_run set status = 'terminated', owner_epoch = owner_epoch + 1, finished_at = now() where id = ${id}`
  }
})
afterAll(() => lab.close())

/** A run in the middle of its bars. */
async function runUnderWay(): Promise<string> {
  lab.upstream.setFaults([...HELD])
  const id = await lab.start('daily_history', { ...wholeMarket(lab.market), refresh: true })
  for (;;) {
    const [row] = await lab.db
      .sql`select calls from sync_run where id = ${id} and cells_total > 0 and cells_done > 0`
    if (row) return id
    await sleep(20)
  }
}

const handle = (id: string) => lab.client.workflow.getHandle(`sync/${id}`)
const callsOf = async (id: string) =>
  (await lab.db.sql<{ n: number }[]>`select calls as n from sync_run where id = ${id}`)[0]?.n ?? 0

// A time that is promised for any moment of a run: what a busy machine adds to it now and then is not part of it.
test(
  'a pause takes effect within 5 s, gives the lock back, and holds; a resume ends with everything',
  { retry: 2 },
  async () => {
    const id = await runUnderWay()
    const asked = Date.now()
    await handle(id).signal('pause', { runId: id })
    await lab.until(id, ['paused'])
    expect(Date.now() - asked).toBeLessThan(5_000)
    const calls = lab.upstream.stats().total
    await sleep(1_000)
    expect(lab.upstream.stats().total).toBe(calls)

    lab.upstream.setFaults([])
    await handle(id).signal('resume', { runId: id })
    const run = await lab.until(id)
    expect(run.status).toBe('success')
    expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
  },
)

test('signals for another run are ignored', async () => {
  const id = await runUnderWay()
  await handle(id).signal('pause', { runId: '00000000-0000-0000-0000-000000000000' })
  lab.upstream.setFaults([])
  expect((await lab.until(id)).status).toBe('success')
})

test('a paused run lets another one run, and waits for the lock when it is resumed meanwhile', async () => {
  const first = await runUnderWay()
  await handle(first).signal('pause')
  lab.upstream.setFaults([{ kind: 'latency', api: 'stock_basic', ms: 60_000 }])
  await lab.until(first, ['paused'])
  const second = await lab.start('stock_list')
  await handle(first).signal('resume')
  await lab.until(first, ['waiting'])
  lab.upstream.setFaults([])
  expect((await lab.until(second)).status).toBe('success')
  expect((await lab.until(first)).status).toBe('success')
})

test('a run that is paused before it has begun gives its lock back, and begins when it is resumed', async () => {
  const { id, workflowId } = await lab.run('stock_list')
  await handle(id).result()
  await lab.reopen(id)
  await lab.client.workflow.signalWithStart('syncRun', {
    ...{ taskQueue: TASK_QUEUE, workflowId, signal: 'pause' },
    args: [{ runId: id, epoch: 2, job: 'stock_list', requestId: null }],
  })
  await lab.until(id, ['paused'])
  expect((await lab.run('stock_list')).status).toBe('success')
  await handle(id).signal('resume')
  expect((await lab.until(id)).status).toBe('success')
})

test('a cancel takes effect within 5 s; the retry repeats no finished batch', { retry: 2 }, async () => {
  const id = await runUnderWay()
  const asked = Date.now()
  await handle(id).cancel()
  await lab.until(id, ['cancelled'])
  expect(Date.now() - asked).toBeLessThan(5_000)

  const done = await lab.db.sql<
    { seq: number; calls: number }[]
  >`select seq, calls from sync_batch where run_id = ${id} and state = 'done' order by seq`
  expect(done.length).toBeGreaterThan(0)
  lab.upstream.setFaults([])
  await lab.retry(id)
  const run = await lab.until(id)
  expect(run.status).toBe('success')
  const after = await lab.db
    .sql`select seq, calls from sync_batch where run_id = ${id} and seq = any(${done.map((b) => b.seq)}) order by seq`
  expect([...after]).toEqual([...done])
  expect(run.cellsDone).toBe(run.cellsTotal)
})

test('a cancel by signal, while paused, ends the run', async () => {
  const id = await runUnderWay()
  await handle(id).signal('pause')
  lab.upstream.setFaults([])
  await lab.until(id, ['paused'])
  await handle(id).signal('cancel')
  expect((await lab.until(id)).status).toBe('cancelled')
})

test('pause and resume at once harm nothing', async () => {
  const id = await runUnderWay()
  // One after the other: sent side by side the resume may come first, and the pause would rightly hold.
  await handle(id).signal('pause')
  await handle(id).signal('resume')
  lab.upstream.setFaults([])
  expect((await lab.until(id)).status).toBe('success')
})

test('a terminated run is fenced: nothing of its old activities lands after the retry began', async () => {
  const id = await runUnderWay()
  await handle(id).terminate('by the test')
  // As the reconciler does, and at once the retry's new owner, while the old activities still wait for their answers.
  await lab.db
    .sql`update sync_run set status = 'terminated', owner_epoch = owner_epoch + 1, finished_at = now() where id = ${id}`
  await lab.reopen(id)
  const state = () =>
    lab.db
      .sql`select seq, cursor, calls, inserted, unchanged, state from sync_batch where run_id = ${id} order by seq`
  const before = [...(await state())]
  // Now they come.
  lab.upstream.setFaults([])
  await sleep(1_500)
  expect([...(await state())]).toEqual(before)
  await lab.startWorkflow(id)
  const run = await lab.until(id)
  expect(run.status).toBe('success')
  const [sums] = await lab.db.sql<{ inserted: number; unchanged: number; calls: number; cells: number }[]>`
    select sum(inserted)::int as inserted, sum(unchanged)::int as unchanged, sum(calls)::int as calls, sum(cells_done)::int as cells
    from sync_batch where run_id = ${id}`
  expect(sums).toEqual({
    inserted: run.inserted,
    unchanged: run.unchanged,
    calls: run.calls,
    cells: run.cellsTotal,
  })
})

test('progress answers by query what the database has', async () => {
  const id = await runUnderWay()
  const progress = await handle(id).query<Record<string, unknown>>('progress')
  const calls = await callsOf(id)
  expect(progress).toMatchObject({ runId: id, job: 'daily_history', state: 'running', source: 'tushare' })
  expect(progress.calls).toBeLessThanOrEqual(calls)
  lab.upstream.setFaults([])
  const run = await lab.until(id)
  expect(await handle(id).query('progress')).toMatchObject({
    percent: 100,
    calls: run.calls,
    inserted: run.inserted,
    unchanged: run.unchanged,
  })
})

test('a run whose quota of the day is used gives the lock back and waits; another one may run', async () => {
  lab.upstream.setFaults([
    { kind: 'rate_limited', api: 'daily', span: 'day', limit: 100 },
    { kind: 'rate_limited', api: 'adj_factor', span: 'day', limit: 100 },
  ])
  const id = await lab.start('daily_history', { ...wholeMarket(lab.market), refresh: true })
  const waiting = await lab.until(id, ['waiting'])
  expect(waiting.message).toMatch(/^the budget is used up; goes on at \d{4}-/)
  lab.upstream.setFaults([])
  expect((await lab.run('stock_list')).status).toBe('success')
  await handle(id).cancel()
  expect((await lab.until(id)).status).toBe('cancelled')
  await lab.db.sql`truncate source_budget`
})
