import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RunParams } from '../../market/run-params.ts'
import { forgetBars } from '../support/database.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { priceDifferences } from '../support/truth.ts'

/*
 * Three sources over one market: what one of them cannot give now, the others give, and nobody is asked in vain.
 */

// Small time limits: a test has no use for the rest of a real one's seconds.
const TIMEOUT_MS = 1_000

let lab: Lab

beforeAll(async () => {
  lab = await openLab({
    market: yearMarket(40, { years: 0.5 }),
    tushare: { timeoutMs: TIMEOUT_MS },
    akshare: {},
    baostock: {},
    batchSize: 5,
  })
  await lab.run('stock_list')
})
afterAll(() => lab.close())

beforeEach(async () => {
  lab.upstream.setFaults([])
  await forgetBars(lab.db.sql, 'suspension', 'source_health', 'source_budget')
})

// What all three serve: BaoStock has no Beijing stocks, and one delisted stock has a key that is Tushare's own.
const isEverybodys = (symbol: string) => !symbol.endsWith('.BJ') && symbol !== 'T00018.SH'

const everything = (): RunParams => ({
  ...wholeMarket(lab.market),
  symbols: lab.market.instruments.map(({ code }) => code).filter(isEverybodys),
  preferred_sources: ['tushare', 'baostock'],
})

const callsOfTushare = (): number => lab.upstream.stats().total

async function log(runId: string): Promise<string> {
  const rows = await lab.db.sql<{ message: string }[]>`
    select message from sync_log where run_id = ${runId} order by id`
  return rows.map((row) => row.message).join('\n')
}

async function barsOf(runId: string): Promise<Record<string, number>> {
  const rows = await lab.db.sql<{ source: string; n: number }[]>`
    select source, cells_done::int as n from sync_run_source where run_id = ${runId} and dataset = 'bars' and cells_done > 0`
  return Object.fromEntries(rows.map(({ source, n }) => [source, n]))
}

/** Counters of the run and the sums of what stands below it, which must be equal in every snapshot. */
async function countersOf(runId: string): Promise<object[]> {
  const rows = await lab.db.sql<object[]>`
    select inserted::int, updated::int, unchanged::int, rejected::int, calls::int, cells_done::int from sync_run where id = ${runId}
    union select sum(inserted)::int, sum(updated)::int, sum(unchanged)::int, sum(rejected)::int, sum(calls)::int, sum(cells_done)::int
      from sync_batch where run_id = ${runId}
    union select sum(inserted)::int, sum(updated)::int, sum(unchanged)::int, sum(rejected)::int, sum(calls)::int, sum(cells_done)::int
      from sync_run_source where run_id = ${runId}`
  return [...rows]
}

test('a source that is dead from the start is done without', async () => {
  lab.upstream.setFaults([{ kind: 'reset' }])
  const run = await lab.run('daily_history', everything())
  expect(run.status).toBe('success')
  expect(await priceDifferences(lab.db.sql, lab.market, isEverybodys)).toEqual([])
  expect(await log(run.id)).toMatch(
    /goes on with (baostock|akshare): tushare rests until .* \(tushare .*Transient/,
  )
  expect(Object.keys(await barsOf(run.id))).not.toContain('tushare')
  expect(await countersOf(run.id)).toHaveLength(1)
})

test('a source that dies in the middle is gone back to as soon as it is up', async () => {
  // Each gives its first bars at once and the others when the test has acted.
  lab.upstream.setFaults([{ kind: 'latency', api: 'daily', ms: 60_000, from: 2 }])
  lab.baostock.setFaults([{ kind: 'latency', api: 'query_history_k_data_plus', ms: 60_000, from: 2 }])
  const runId = await lab.start('daily_history', everything())
  await untilCells(runId, 1)
  lab.upstream.setFaults([{ kind: 'http_status', status: 503 }])
  await untilLog(runId, 'goes on with baostock')
  await until(async () => ((await barsOf(runId))['baostock'] ?? 0) > 0)
  lab.upstream.setFaults([])
  await untilLog(runId, 'tushare is up again')
  lab.baostock.setFaults([])
  const run = await lab.until(runId)
  expect(run.status).toBe('success')
  expect(await priceDifferences(lab.db.sql, lab.market, isEverybodys)).toEqual([])
  expect(Object.keys(await barsOf(runId)).sort()).toEqual(['baostock', 'tushare'])
  expect(await countersOf(run.id)).toHaveLength(1)
})

test('a source that hangs costs its time limit once for each rest', async () => {
  const before = callsOfTushare()
  lab.upstream.setFaults([{ kind: 'hang' }])
  const started = Date.now()
  const run = await lab.run('daily_history', everything())
  const seconds = (Date.now() - started) / 1000
  expect(run.status).toBe('success')
  // A rest takes 0.3 s here and ends with one probe; the first calls of all datasets are in flight together.
  const asked = callsOfTushare() - before
  expect(asked).toBeLessThanOrEqual(8 + seconds / ((300 + TIMEOUT_MS) / 1000))
  expect(await priceDifferences(lab.db.sql, lab.market, isEverybodys)).toEqual([])
})

test('in parallel every source takes its part of one list, and none does what another has done', async () => {
  const run = await lab.run('daily_history', { ...everything(), source_mode: 'parallel' })
  expect(run.status).toBe('success')
  expect(await priceDifferences(lab.db.sql, lab.market, isEverybodys)).toEqual([])
  const [twice] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from (select from bars where period = 'daily' group by instrument_id, trade_date having count(*) > 1) t`
  expect(twice?.n).toBe(0)
  expect(await countersOf(run.id)).toHaveLength(1)
})

test('with `all` every source brings everything that it has', async () => {
  const run = await lab.run('daily_history', { ...everything(), source_mode: 'all' })
  expect(run.status).toMatch(/success/)
  const { tushare = 0, akshare = 0, baostock = 0 } = await barsOf(run.id)
  const [stored] = await lab.db.sql<{ tushare: number; akshare: number; baostock: number; both: number }[]>`
    select count(*) filter (where source = 'tushare')::int as tushare, count(*) filter (where source = 'akshare')::int as akshare,
      count(*) filter (where source = 'baostock')::int as baostock, 0 as both from bars where period = 'daily'`
  expect(Math.min(tushare, akshare, baostock)).toBeGreaterThan(0)
  expect(stored?.tushare).toBe(
    [...lab.market.truthBars()].filter(({ symbol }) => isEverybodys(symbol)).length,
  )
  expect(await priceDifferences(lab.db.sql, lab.market, isEverybodys)).toEqual([])
  expect(await countersOf(run.id)).toHaveLength(1)
})

async function untilCells(runId: string, cells: number): Promise<void> {
  await until(async () => {
    const [row] = await lab.db.sql<{ n: number }[]>`
      select coalesce(sum(cells_done), 0)::int as n from sync_batch where run_id = ${runId} and dataset = 'bars'`
    return (row?.n ?? 0) >= cells
  })
}

const untilLog = (runId: string, text: string) => until(async () => (await log(runId)).includes(text))

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('not within 90 s')
    await sleep(10)
  }
}
