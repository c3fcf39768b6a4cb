import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually, startScheduled } from '../schedules/support.ts'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'

/*
 * Writes the histories that `replay.test.ts` replays. Run when a version is released (`npm run record:histories`), never
 * to make a failing replay pass: a change that breaks replay needs `patched()` or a new version.
 */

const FOLDER = join(import.meta.dirname, 'histories')

const isRecording = process.env.RECORD_HISTORIES !== undefined

const saveHistory = (lab: Lab, runId: string, name: string) => saveWorkflow(lab, `sync/${runId}`, name)

async function saveWorkflow(lab: Lab, workflowId: string, name: string): Promise<void> {
  const history = await lab.client.workflow.getHandle(workflowId).fetchHistory()
  // Identities of workers and names of their queues hold a machine's name.
  const text = historyToJSON(history).replace(/\d+@[\w.-]+?(?=["-])/g, 'worker')
  await writeFile(join(FOLDER, `${name}.json`), text)
}

describe.skipIf(!isRecording)('recording', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab({ batchSize: 20 })
  })
  afterAll(() => lab.close())

  const save = (runId: string, name: string) => saveHistory(lab, runId, name)
  const slow = () => lab.upstream.setFaults([{ kind: 'latency', ms: 1_000 }])
  /** Resolves while batches of the last stage are in flight. */
  async function underWay(runId: string): Promise<void> {
    for (;;) {
      const running = await lab.db.sql`
        select from sync_batch where run_id = ${runId} and dataset = 'bars' and state = 'running'`
      if (running.length > 0) return
      await sleep(20)
    }
  }
  const params = () => ({ ...wholeMarket(lab.market), refresh: true })
  const handle = (id: string) => lab.client.workflow.getHandle(`sync/${id}`)

  test('a full run', async () => {
    const id = await lab.start('daily_history', params())
    await lab.until(id)
    await save(id, 'daily-history-full')
  })

  test('a run that was paused and resumed', async () => {
    slow()
    const id = await lab.start('daily_history', params())
    await underWay(id)
    await handle(id).signal('pause', { runId: id })
    await lab.until(id, ['paused'])
    lab.upstream.setFaults([])
    await handle(id).signal('resume', { runId: id })
    await lab.until(id)
    await save(id, 'daily-history-paused')
  })

  test('a run that was cancelled', async () => {
    slow()
    const id = await lab.start('daily_history', params())
    await underWay(id)
    await handle(id).cancel()
    await lab.until(id, ['cancelled'])
    lab.upstream.setFaults([])
    await save(id, 'daily-history-cancelled')
  })

  test('a run with a failing symbol', async () => {
    const victim = [...lab.market.truthStocks()].map((s) => s.symbol)[7] ?? ''
    lab.upstream.setFaults([{ kind: 'reset', api: 'daily', codes: [victim] }])
    const id = await lab.start('daily_history', params())
    await lab.until(id)
    lab.upstream.setFaults([])
    await save(id, 'daily-history-isolated')
  })

  test('a stock list', async () => {
    const id = await lab.start('stock_list')
    await lab.until(id)
    await save(id, 'stock-list')
  })
})

describe.skipIf(!isRecording)('recording two sources', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab({ batchSize: 20, baostock: {} })
    await lab.run('stock_list')
  })
  afterAll(() => lab.close())

  test('a run that loses its first source, and leaves what only that one has for the end', async () => {
    lab.upstream.setFaults([{ kind: 'http_status', status: 503 }])
    const symbols = lab.market.instruments.map(({ code }) => code).filter((code) => !code.endsWith('.BJ'))
    const id = await lab.start('daily_history', { ...wholeMarket(lab.market), symbols })
    await lab.until(id)
    await saveHistory(lab, id, 'daily-history-failover')
  })
})

describe.skipIf(!isRecording)('recording starts by a schedule', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab({ batchSize: 20 })
    await lab.run('stock_list')
  })
  afterEach(() => lab.upstream.setFaults([]))
  afterAll(() => lab.close())

  test('one that tries again', async () => {
    const symbols = lab.market.instruments.slice(0, 3).map(({ code }) => code)
    const params = { symbols, start_date: '2026-11-18', end_date: '2026-11-18' }
    lab.upstream.setFaults([
      { kind: 'missing_column', api: 'daily', column: 'close' },
      { kind: 'missing_column', api: 'adj_factor', column: 'adj_factor' },
    ])
    const failing = await startScheduled(lab, { job: 'daily_history', params })
    expect(await failing.end()).toMatchObject({ tries: 3 })
    await saveWorkflow(lab, failing.workflowId, 'scheduled-tried-again')
  })

  test('one that waits for a backfill, which gives way', async () => {
    lab.upstream.setFaults([{ kind: 'latency', api: 'daily', ms: 200 }])
    const backfill = await lab.start('daily_history', { ...wholeMarket(lab.market), refresh: true })
    await eventually(
      async () =>
        (await lab.db.sql`select from sync_run where id = ${backfill} and cells_done > 0`).length > 0,
      'the first bars',
    )
    const start = await startScheduled(lab, { job: 'daily_incremental' })
    await start.end()
    await saveWorkflow(lab, start.workflowId, 'scheduled')
    await lab.until(backfill)
    await saveHistory(lab, backfill, 'daily-history-gives-way')
  })

  test('one that is superseded, one that is cancelled', async () => {
    lab.upstream.setFaults([{ kind: 'latency', ms: 500 }])
    const running = await lab.start('stock_list', { refresh: true })
    await lab.until(running, ['running'])
    const superseded = await startScheduled(lab, { job: 'stock_list', params: { refresh: true } })
    await lab.db.sql`update sync_run set started_at = now() + interval '1 hour' where id = ${running}`
    await superseded.end()
    await saveWorkflow(lab, superseded.workflowId, 'scheduled-superseded')

    const cancelled = await startScheduled(lab, { job: 'stock_basics', params: { refresh: true } })
    await eventually(
      async () =>
        (await lab.db.sql`select from sync_run where job = 'stock_basics' and status = 'running'`).length > 0,
      'the run',
    )
    await cancelled.cancel()
    await cancelled.end().catch(() => undefined)
    await saveWorkflow(lab, cancelled.workflowId, 'scheduled-cancelled')
  })
})
