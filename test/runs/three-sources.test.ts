import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'

let lab: Lab

beforeAll(async () => {
  lab = await openLab({
    market: createSandboxMarket({ stocks: 30, years: 1 }),
    akshare: {},
    baostock: {},
  })
}, 60_000)
afterAll(() => lab.close())

const logs = async (runId: string) =>
  (await lab.db.sql<{ message: string }[]>`select message from sync_log where run_id = ${runId} order by id`).map(
    (row) => row.message,
  )

test('Tushare is dead: the run goes on with another source', async () => {
  lab.upstream.setFaults([{ kind: 'reset' }])
  const id = await lab.start('daily_history', wholeMarket(lab.market))
  const run = await lab.until(id, undefined, 45).catch(async (e) => { console.log(await logs(id)); console.log(await lab.db.sql`select seq, dataset, state, claimed_by, cursor, calls_planned, error_class, message from sync_batch where run_id = ${id} order by seq`); console.log(await lab.db.sql`select source, site, failures, resting_until, reason from source_health`); console.log(await lab.db.sql`select source, api, day_calls, blocked_until, next_slot from source_budget`); throw e })
  console.log(await logs(run.id))
  console.log(run.status, run.message, run.verification)
  console.log(await lab.db.sql`select source, dataset, inserted::int, calls::int from sync_run_source where run_id = ${run.id}`)
  expect(run.status).toBe('success')
}, 120_000)
