import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { insertRun } from '../../db/queries/runs.ts'
import type { SyncActivities } from '../../workflows/contract/activities.ts'
import type { BatchInput } from '../../workflows/contract/messages.ts'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'
import { barDifferences } from '../support/truth.ts'

/*
 * An activity may end twice: its worker dies after the commit and before Temporal hears of it, or it is held for dead and
 * runs beside its successor. Activities are called here as Temporal would call them, without a server between.
 */

let lab: Lab
let activities: SyncActivities
let runId: string

beforeAll(async () => {
  lab = await openLab({ worker: false, batchSize: 20 })
  activities = createActivities(lab.deps)
  runId = randomUUID()
  const params = wholeMarket(lab.market)
  await insertRun(lab.db, {
    id: runId,
    job: 'daily_history',
    params,
    lockKey: 'global',
    workflowId: `sync/${runId}`,
    requestId: null,
  })
  await call('openRun', { runId, epoch: 1 })
})
afterAll(() => lab.close())

type Result<K extends keyof SyncActivities> = Awaited<ReturnType<SyncActivities[K]>>

async function call<K extends keyof SyncActivities>(
  name: K,
  input: Parameters<SyncActivities[K]>[0],
): Promise<Result<K>> {
  const run = activities[name] as (input: unknown) => Promise<unknown>
  const result: unknown = await new MockActivityEnvironment().run(run, input)
  return result as Result<K>
}

const batch = (seq: number): BatchInput => ({ runId, epoch: 1, seq, source: 'tushare', isolate: false })
const openSeqs = async () =>
  (
    await lab.db.sql<
      { seq: number }[]
    >`select seq from sync_batch where run_id = ${runId} and state = 'pending' order by seq`
  ).map((b) => b.seq)

test('a worker that is to end brings the answer at hand and asks for no other one; the next goes on behind it', async () => {
  await call('planStage', { runId, epoch: 1, stage: 0 })
  const ofList = async () =>
    (
      await lab.db.sql<{ seq: number; cursor: number; calls_planned: number }[]>`
        select seq, cursor, calls_planned from sync_batch where run_id = ${runId} and dataset = 'stock_list'`
    )[0]
  const seq = (await ofList())?.seq ?? 0
  const stopping = new AbortController()
  const ending = createActivities({ ...lab.deps, stopping: stopping.signal })
  const run = (input: BatchInput) => ending.syncBatch(input)
  lab.upstream.setFaults([{ kind: 'latency', api: 'stock_basic', ms: 600_000 }])
  const ended = expect(new MockActivityEnvironment().run(run, batch(seq))).rejects.toThrow(/abort/)
  await vi.waitFor(() => expect(lab.upstream.stats().total).toBe(1), 60_000)
  stopping.abort()
  lab.upstream.setFaults([])
  await ended
  expect(await ofList()).toMatchObject({ cursor: 1, calls_planned: 4 })
  expect(await call('syncBatch', batch(seq))).toMatchObject({ kind: 'done' })
  expect(lab.upstream.stats().total).toBe(4)
})

test('a batch whose end was lost counts nothing and writes nothing when it is done again', async () => {
  for (const stage of [0, 1]) {
    await call('planStage', { runId, epoch: 1, stage })
    for (const seq of await openSeqs()) {
      const first = await call('syncBatch', batch(seq))
      const calls = lab.upstream.stats().total
      const again = await call('syncBatch', batch(seq))
      expect(again).toEqual({ ...first, kind: 'done' })
      expect(lab.upstream.stats().total).toBe(calls)
    }
  }
})

test('a stage that is planned again gives the same batches', async () => {
  const first = await call('planStage', { runId, epoch: 1, stage: 2 })
  expect(await call('planStage', { runId, epoch: 1, stage: 2 })).toEqual(first)
})

test('two attempts of one batch side by side bring each row and count it once', async () => {
  for (const seq of await openSeqs()) {
    const both = await Promise.all([call('syncBatch', batch(seq)), call('syncBatch', batch(seq))])
    // Either of them may be the one that Temporal listens to: "fenced" would end the run.
    expect(both.map(({ kind }) => kind)).toEqual(['done', 'done'])
  }
  const [run] = await lab.db.sql<
    Record<string, number>[]
  >`select inserted, updated, unchanged, cells_done, cells_total, symbols_done, total from sync_run where id = ${runId}`
  const [rows] = await lab.db.sql<{ n: number }[]>`
    select (select count(*) from bars where period = 'daily') + (select count(*) from adj_factor) + (select count(*) from suspension)
      + (select count(*) from trade_calendar) + (select count(*) from stock_basic_info)
      + (select count(*) from instrument_code c where exists (select from instrument_code n where n.instrument_id = c.instrument_id and n.code <> c.code) and valid_to is not null) as n`
  expect(run).toMatchObject({
    inserted: rows?.n,
    updated: 0,
    cells_done: run?.cells_total,
    symbols_done: run?.total,
  })
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('the end of a run is written once', async () => {
  const close = { runId, epoch: 1, outcome: 'finished', message: null } as const
  const first = await call('closeRun', close)
  const again = await call('closeRun', close)
  expect(again.totals).toEqual(first.totals)
  const ends = await lab.db.sql`select 1 from sync_log where run_id = ${runId} and message like 'success:%'`
  expect(ends.length).toBe(1)
})

test('an older owner changes nothing any more', async () => {
  await lab.reopen(runId)
  const [before] = await lab.db.sql`select status, owner_epoch from sync_run where id = ${runId}`
  await expect(call('openRun', { runId, epoch: 1 })).rejects.toThrow(/not this workflow's/)
  await call('closeRun', { runId, epoch: 1, outcome: 'failed', message: 'by a ghost' })
  await call('suspendRun', { runId, epoch: 1, state: 'paused', message: null })
  const [after] = await lab.db.sql`select status, owner_epoch from sync_run where id = ${runId}`
  expect(after).toEqual(before)
})
