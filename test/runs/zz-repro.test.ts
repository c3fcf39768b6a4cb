import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab({ batchSize: 10 })
  await lab.run('daily_history', wholeMarket(lab.market))
})
afterAll(() => lab.close())
const SLOW = [{ kind: 'latency', api: 'daily', ms: 700 }, { kind: 'latency', api: 'adj_factor', ms: 700 }] as const

async function runUnderWay(): Promise<string> {
  lab.upstream.setFaults([...SLOW])
  const id = await lab.start('daily_history', { ...wholeMarket(lab.market), refresh: true })
  for (;;) {
    const [row] = await lab.db.sql`select calls from sync_run where id = ${id} and cells_total > 0 and cells_done > 0`
    if (row) return id
    await sleep(20)
  }
}
test.each(Array.from({ length: 25 }, (_, i) => i))('try %d', { timeout: 100_000 }, async () => {
  const id = await runUnderWay()
  const handle = lab.client.workflow.getHandle(`sync/${id}`)
  lab.upstream.setFaults([])
  await Promise.all([handle.signal('pause'), handle.signal('resume')])
  try {
    expect((await lab.until(id, undefined, 30)).status).toBe('success')
  } catch (error) {
    console.log('STUCK', [...await lab.db.sql`select status, message, calls, cells_done, cells_total, updated_at, now() from sync_run where id = ${id}`])
    console.log([...await lab.db.sql`select seq, dataset, state, cursor, calls_planned, error_class, message from sync_batch where run_id = ${id} and state <> 'done'`])
    const d = await handle.describe()
    console.log(JSON.stringify(d.raw.pendingActivities, (k, v: unknown) => (typeof v === 'bigint' ? String(v) : v)), JSON.stringify(d.raw.pendingWorkflowTask))
    const h = await handle.fetchHistory()
    console.log(h.events?.slice(-40).map((e) => `${String(e.eventId)} ${String(e.eventType)} ${JSON.stringify(e.activityTaskScheduledEventAttributes?.activityType ?? e.workflowExecutionSignaledEventAttributes?.signalName ?? e.activityTaskFailedEventAttributes?.failure?.message ?? e.workflowTaskFailedEventAttributes?.failure?.message ?? '')}`).join('\n'))
    console.log(JSON.stringify(await handle.query('progress').catch(String)))
    throw error
  }
})
