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

describe.skipIf(process.env.RECORD_HISTORIES === undefined)('recording', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab({ batchSize: 20 })
  })
  afterAll(() => lab.close())

  async function save(runId: string, name: string): Promise<void> {
    const history = await lab.client.workflow.getHandle(`sync/${runId}`).fetchHistory()
    // Identities of workers and names of their queues hold a machine's name.
    const text = historyToJSON(history).replace(/\d+@[\w.-]+?(?=["-])/g, 'worker')
    await writeFile(join(FOLDER, `${name}.json`), text)
  }

  const slow = () => lab.upstream.setFaults([{ kind: 'latency', ms: 250 }])
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
    await sleep(3_000)
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
    await sleep(3_000)
    await handle(id).cancel()
    await lab.until(id)
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
