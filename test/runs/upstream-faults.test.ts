import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from '../../local/replay/faults.ts'
import { forgetBars } from '../support/database.ts'
import { openLab, TEST_TOKEN, wholeMarket, type Lab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'

/*
 * Faults of an upstream that is the only one: they leave the other symbols alone, are recorded, and are healed by a retry
 * once the upstream is well again. Every kind of fault, and what others do then, is in fault-matrix-*.test.ts.
 */

let lab: Lab
let victim: string

beforeAll(async () => {
  lab = await openLab({ market: yearMarket(24, { years: 0.5 }), batchSize: 12 })
  victim = [...lab.market.truthStocks()].map((s) => s.symbol)[7] ?? ''
})
beforeEach(async () => {
  lab.upstream.setFaults([])
  await forgetBars(lab.db.sql, 'day_gate', 'quarantine', 'revision', 'source_budget')
})
afterAll(() => lab.close())

const history = () => lab.start('daily_history', wholeMarket(lab.market))

async function failures(runId: string) {
  return await lab.db.sql<{ symbol: string | null; error_class: string; open: boolean }[]>`
    select distinct symbol, error_class, resolved_at is null as open from sync_failure where run_id = ${runId} order by 1, 2`
}

async function expectHealed(runId: string): Promise<void> {
  lab.upstream.setFaults([])
  await lab.retry(runId)
  const run = await lab.until(runId)
  expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
  expect((await failures(runId)).filter((f) => f.open)).toEqual([])
}

describe('a call for one symbol that always fails becomes a failure of that symbol alone', () => {
  const kinds: { fault: Omit<Fault, 'codes'>; errorClass: string; samples: object[] }[] = [
    { fault: { kind: 'reset' }, errorClass: 'Transient', samples: [] },
    {
      fault: { kind: 'missing_column', column: 'close' },
      errorClass: 'SchemaDrift',
      samples: [{ reason: 'the answer lacks close', columns: true }],
    },
  ]
  test.each(kinds)('$fault.kind → $errorClass', async ({ fault, errorClass, samples }) => {
    lab.upstream.setFaults([{ ...fault, api: 'daily', codes: [victim] }])
    const id = await history()
    const run = await lab.until(id)
    expect(run.status).toBe('success_with_errors')
    expect(await failures(id)).toEqual([{ symbol: victim, error_class: errorClass, open: true }])
    // What came instead of the schema is kept.
    const kept = await lab.db.sql`
      select distinct reason, raw::text like '%ts_code%' as columns from quarantine where run_id = ${id}`
    expect([...kept]).toEqual(samples)
    expect(await barDifferences(lab.db.sql, lab.market, (symbol) => symbol !== victim)).toEqual([])
    await expectHealed(id)
  })
})

test('an upstream that is down for a while is waited for, and nothing fails', async () => {
  lab.upstream.setFaults([{ kind: 'http_status', status: 503, untilMs: 4_000 }])
  const run = await lab.until(await history())
  expect(run.status).toBe('success')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('hiccups are retried in place', async () => {
  lab.upstream.setFaults([
    { kind: 'reset', api: 'daily', nth: 1 },
    { kind: 'http_status', status: 500, api: 'adj_factor', nth: 1 },
    { kind: 'html', api: 'suspend_d', nth: 1 },
    { kind: 'truncated', api: 'stock_basic', nth: 1 },
    { kind: 'empty', api: 'daily', nth: 3 },
  ])
  const id = await history()
  const run = await lab.until(id)
  expect(run.status).toBe('success')
  expect(await failures(id)).toEqual([])
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('a wrong token ends the run with one clear line, and the token is nowhere', async () => {
  lab.upstream.setFaults([{ kind: 'bad_token' }])
  const run = await lab.until(await history())
  expect(run.status).toBe('failed')
  expect(run.message).toContain('40101')
  expect(run.message).toContain('check the token')
  expect(JSON.stringify(run)).not.toContain(TEST_TOKEN)
})

test('without permission for factors the bars still come, and the run says what is missing', async () => {
  lab.upstream.setFaults([{ kind: 'no_permission', api: 'adj_factor' }])
  const id = await history()
  const run = await lab.until(id)
  expect(run.status).toBe('success_with_errors')
  expect(run.message).toContain('PermissionDenied')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
  // The account was raised since: what was remembered of it goes.
  await lab.db.sql`update source_budget set denied_at = null`
  await expectHealed(id)
})

test('without permission for suspensions the run succeeds, and days with absences are unverified', async () => {
  await lab.db.sql`truncate suspension`
  lab.upstream.setFaults([{ kind: 'no_permission', api: 'suspend_d' }])
  const run = await lab.until(await history())
  expect(run.status).toBe('success')
  expect(run.verification).toMatchObject({ incomplete: 0 })
  expect((run.verification as { unverified: number }).unverified).toBeGreaterThan(0)
})

test('duplicate rows are stored once', async () => {
  lab.upstream.setFaults([{ kind: 'duplicates', api: 'daily' }])
  const run = await lab.until(await history())
  expect(run.status).toBe('success')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('half an answer leaves named holes, and the next run asks for just those', async () => {
  lab.upstream.setFaults([{ kind: 'half_day', api: 'daily', nth: 1, percent: 50 }])
  const first = await lab.until(await history())
  expect(first.status).toBe('success_with_errors')
  const [holes] = await lab.db.sql<
    { n: number }[]
  >`select count(*)::int as n from coverage_hole where dataset = 'bars'`
  expect(holes?.n).toBeGreaterThan(0)
  lab.upstream.setFaults([])
  const second = await lab.until(await history())
  expect({ status: second.status, inserted: second.inserted }).toEqual({
    status: 'success',
    inserted: holes?.n,
  })
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('rows in a wrong unit are all quarantined, none is stored, and the next run brings them', async () => {
  lab.upstream.setFaults([{ kind: 'wrong_unit', api: 'daily', nth: 1 }])
  const first = await lab.until(await history())
  expect(first.status).toBe('success_with_errors')
  expect(first.rejected).toBeGreaterThan(100)
  const [reasons] = await lab.db.sql`select array_agg(distinct reason) as reasons from quarantine`
  expect(reasons?.reasons).toEqual(['amount / volume is outside the range of prices: wrong unit'])
  lab.upstream.setFaults([])
  expect((await lab.until(await history())).status).toBe('success')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test.each(['high_below_low', 'null_close', 'bad_date'] as const)(
  'a bad row (%s) is quarantined, its neighbours are not',
  async (damage) => {
    lab.upstream.setFaults([{ kind: 'bad_row', api: 'daily', nth: 1, damage }])
    const run = await lab.until(await history())
    expect(run.rejected).toBe(1)
    const differences = await barDifferences(lab.db.sql, lab.market)
    expect(differences).toHaveLength(1)
    lab.upstream.setFaults([])
    expect((await lab.until(await history())).inserted).toBe(1)
  },
)

test('a stock whose name no table can hold is quarantined, the run says so once and where, and goes on', async () => {
  lab.upstream.setFaults([{ kind: 'bad_row', api: 'stock_basic', nth: 1, damage: 'zero_byte' }])
  const run = await lab.run('stock_list', { refresh: true })
  expect([run.status, run.rejected]).toEqual(['success', 1])
  const kept = await lab.db.sql`select dataset, reason from quarantine`
  expect([...kept]).toEqual([
    { dataset: 'stock_list', reason: 'name holds a character that no text may have' },
  ])
  const told = await lab.db.sql<{ message: string }[]>`
    select message from sync_log where run_id = ${run.id} and message like '%refused%'`
  expect(told.map(({ message }) => message)).toEqual([
    'stock_list of tushare: 1 row refused (name holds a character that no text may have); ' +
      `what was refused: GET /api/quarantine?run_id=${run.id}&dataset=stock_list&source=tushare`,
  ])
})

test('a run that is asked for a symbol that does not exist says so, and brings the others', async () => {
  const id = await lab.start('daily_history', { ...wholeMarket(lab.market), symbols: [victim, '999998.SZ'] })
  const run = await lab.until(id)
  expect(run.status).toBe('success_with_errors')
  expect(await failures(id)).toEqual([{ symbol: '999998.SZ', error_class: 'BadRequest', open: true }])
  expect(await barDifferences(lab.db.sql, lab.market, (symbol) => symbol === victim)).toEqual([])
})

test('a rate limit is waited for, and its number is adopted', async () => {
  lab.upstream.setFaults([{ kind: 'rate_limited', api: 'daily', nth: 2, limit: 300 }])
  const id = await history()
  for (;;) {
    const [budget] = await lab.db.sql<{ learned: number; waits: number }[]>`
      select learned_per_minute as learned, extract(epoch from blocked_until - clock_timestamp())::float8 as waits
      from source_budget where api = 'daily'`
    if (budget?.learned) {
      expect(budget.learned).toBe(300)
      expect(budget.waits).toBeGreaterThan(30)
      break
    }
    await sleep(50)
  }
  expect(await failures(id)).toEqual([])
  // The minute is not lived through here: a person who raises the limit does not want to either.
  await lab.client.workflow.getHandle(`sync/${id}`).cancel()
  expect((await lab.until(id)).status).toBe('cancelled')
})

test('an address that is blocked rests the source; nothing is given up', async () => {
  lab.upstream.setFaults([{ kind: 'too_many_addresses', untilMs: 3_000 }])
  const id = await history()
  await sleep(500)
  const run = await lab.until(id)
  expect(run.status).toBe('success')
  expect(await failures(id)).toEqual([])
})

test('a day on which the whole market comes empty is a failure, never a day without trading', async () => {
  const dates = [...new Set([...lab.market.truthBars()].map((bar) => bar.trade_date))].sort()
  const day = dates.at(-5) ?? ''
  lab.upstream.setFaults([{ kind: 'empty', api: 'daily', date: day.replaceAll('-', '') }])
  const id = await lab.start('daily_history', { start_date: day, end_date: day })
  const run = await lab.until(id)
  expect(run.status).toBe('success_with_errors')
  const [covered] = await lab.db.sql`select 1 from coverage where dataset = 'bars' and ranges @> ${day}::date`
  expect(covered).toBeUndefined()
  lab.upstream.setFaults([])
  await lab.retry(id)
  const healed = await lab.until(id)
  expect({ status: healed.status, message: healed.message }).toEqual({ status: 'success', message: null })
  expect(await barDifferences(lab.db.sql, lab.market, (_symbol, date) => date === day)).toEqual([])
})
