import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../db/client.ts'
import { migrateDatabase } from '../../db/migrate.ts'
import type { RunRow } from '../../db/queries/runs.ts'
import { postgresServer, type Server } from '../chaos/servers.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { barDifferences, factorDifferences } from '../support/truth.ts'

/*
 * Our own servers are away in the middle of a run. It goes on when they are back, and nobody blames the upstream.
 * `npm run test:chaos` does the same for a minute each.
 */

// Longer than a heartbeat may be late: what was in flight is given to a second attempt beside the first.
const AWAY_MS = 9_000

let postgres: Server
let lab: Lab

beforeAll(async () => {
  postgres = await postgresServer()
  await migrateDatabase(postgres.address)
  const db = openDatabase({ url: postgres.address, max: 12, name: 'test' })
  const database = { ...db, url: postgres.address, drop: () => db.close() }
  lab = await openLab({ batchSize: 4, database, ownTemporal: true })
})
afterAll(async () => {
  await lab.close()
  await postgres.close()
})

/** A run over slow answers, in the middle of its bars. */
async function runUnderWay(): Promise<string> {
  lab.upstream.setFaults([{ kind: 'latency', ms: 400 }])
  const id = await lab.start('daily_history', { ...wholeMarket(lab.market), refresh: true })
  for (;;) {
    const [row] = await lab.db.sql`select from sync_run where id = ${id} and cells_done > 0`
    if (row) return id
    await sleep(20)
  }
}

async function expectWhole(run: RunRow): Promise<void> {
  expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
  expect(await factorDifferences(lab.db.sql, lab.market)).toEqual([])
  expect(run.cellsDone).toBe(run.cellsTotal)
  expect(await lab.db.sql`select message from sync_failure`).toEqual([])
  expect(await lab.db.sql`select message from sync_log where level <> 'info'`).toEqual([])
}

test('without PostgreSQL for a while a run stands still, then ends with everything; no source rests', async () => {
  const id = await runUnderWay()
  await postgres.leave()
  await sleep(AWAY_MS)
  await postgres.comeBack()
  await expectWhole(await lab.until(id))
})

test('without Temporal for a while a run goes on, ends with everything, and nothing is counted twice', async () => {
  const id = await runUnderWay()
  await lab.temporal.leave(AWAY_MS)
  const run = await lab.until(id)
  await expectWhole(run)
  const [sums] = await lab.db.sql<{ rows: number; calls: number }[]>`
    select sum(inserted + updated + unchanged)::int as rows, sum(calls)::int as calls from sync_batch where run_id = ${id}`
  expect({ rows: run.inserted + run.updated + run.unchanged, calls: run.calls }).toEqual(sums)
})
