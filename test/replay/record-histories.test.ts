import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'

/*
 * Writes the histories that `replay.test.ts` replays. Run when a version is released (`npm run record:histories`), never
 * to make a failing replay pass: a change that breaks replay needs `patched()` or a new version.
 */

const FOLDER = join(import.meta.dirname, 'histories')

const isRecording = process.env.RECORD_HISTORIES !== undefined

async function saveHistory(lab: Lab, runId: string, name: string): Promise<void> {
  const history = await lab.client.workflow.getHandle(`sync/${runId}`).fetchHistory()
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
