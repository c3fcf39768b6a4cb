import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'

let lab: Lab

beforeAll(async () => {
  lab = await openLab({ batchSize: 4 })
})
afterAll(() => lab.close())

test('a workflow whose run has another owner ends by itself, and leaves the run to that one', async () => {
  // One answer comes at once, the others when the run has its new owner.
  lab.upstream.setFaults([{ kind: 'latency', api: 'daily', ms: 60_000, from: 2 }])
  const id = await lab.start('daily_history', wholeMarket(lab.market))
  while ((await lab.db.sql`select from sync_run where id = ${id} and cells_done > 0`).length === 0)
    await sleep(20)
  await lab.db.sql`update sync_run set owner_epoch = owner_epoch + 1 where id = ${id}`
  lab.upstream.setFaults([])
  const handle = lab.client.workflow.getHandle(`sync/${id}`)
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Fenced' } })
  expect((await lab.db.sql`select status from sync_run where id = ${id}`)[0]).toEqual({ status: 'running' })
})
