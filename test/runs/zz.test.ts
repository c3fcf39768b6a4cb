import { test } from 'vitest'
import { openRecordedMarket } from '../../local/replay/recorded.ts'
import { RECORDED_DATA } from '../support/recorded.ts'
import { openLab } from '../support/lab.ts'
test('timing', async () => {
  const lab = await openLab({ market: openRecordedMarket(RECORDED_DATA) })
  const t0 = Date.now()
  const r0 = await lab.until(await lab.start('daily_history', { start_date: '2023-01-03', end_date: '2023-03-16' }), undefined, 200)
  console.log('first run', Date.now() - t0, r0.verification, r0.status)
  for (const r of await lab.db.sql`select seq, dataset, inserted, unchanged, calls, calls_planned, cells_total, extract(epoch from finished_at - started_at)::float as took, extract(epoch from started_at - (select created_at from sync_run))::float as began from sync_batch order by seq`) console.log(JSON.stringify(r))
  for (const r of await lab.db.sql`select at, message from sync_log order by id`) console.log(r.at, r.message)
  await lab.close()
}, 200000)
