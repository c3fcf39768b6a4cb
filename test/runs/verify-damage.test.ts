import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { markLost } from '../../db/audit/lost.ts'
import { planDatasetsOf } from '../../db/plan-datasets.ts'
import { type Lab, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences, factorDifferences } from '../support/truth.ts'

/*
 * A check names exactly the cells that were lost or cannot be true, whatever happened to them, and the same run brings
 * exactly those.
 */

let lab: Lab

beforeAll(async () => {
  lab = await openLab({ market: yearMarket(25, { years: 0.5 }), batchSize: 10 })
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect(run.status).toBe('success')
})
afterAll(() => lab.close())

type Table = 'bars' | 'adj_factor'
type Damage =
  | { kind: 'rows'; table: Table; seed: number }
  | { kind: 'dates'; table: Table; places: number[] }
  | { kind: 'cut'; table: Table; place: number; seed: number }
  | { kind: 'stock'; table: Table; place: number }
  | { kind: 'scaled'; table: 'bars'; seed: number }

const table = fc.constantFrom<Table>('bars', 'adj_factor')
const place = fc.nat(239)
const seed = fc.nat(100_000)
const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('rows' as const), table, seed }),
  fc.record({
    kind: fc.constant('dates' as const),
    table,
    places: fc.uniqueArray(place, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), table, place, seed }),
  fc.record({ kind: fc.constant('stock' as const), table, place: fc.nat(24) }),
  fc.record({ kind: fc.constant('scaled' as const), table: fc.constant('bars' as const), seed }),
)

/** A number from 0 to 99 for a row, the same for the same seed. */
const draw = (seed: number) => `abs(hashtextextended(symbol || trade_date::text, ${seed})) % 100`
const dateAt = (n: number) =>
  `(select trade_date from trade_calendar where is_open and trade_date >= (select min(trade_date) from bars) order by 1 offset ${n} limit 1)`

function conditionOf(damage: Damage): string {
  switch (damage.kind) {
    case 'rows':
    case 'scaled':
      return `${draw(damage.seed)} < 1`
    case 'dates':
      return `trade_date in (${damage.places.map(dateAt).join(', ')})`
    case 'cut':
      return `trade_date = ${dateAt(damage.place)} and ${draw(damage.seed)} >= 27`
    case 'stock':
      return `instrument_id = (select min(instrument_id) + ${damage.place} from ${damage.table})`
  }
}

/** Deletes rows, or writes their prices in another unit. */
async function damageRows(damage: Damage): Promise<{ id: number; date: string }[]> {
  const { table, kind } = damage
  const what =
    kind === 'scaled'
      ? 'update bars set open = open * 100, high = high * 100, low = low * 100, close = close * 100'
      : `delete from ${table}`
  const daily = table === 'bars' ? " and period = 'daily'" : ''
  return await lab.db.sql.unsafe<{ id: number; date: string }[]>(
    `${what} where (${conditionOf(damage)})${daily} returning instrument_id as id, trade_date as date`,
  )
}

const holes = async () =>
  (
    await lab.db.sql<{ cell: string }[]>`
      select dataset || ' ' || instrument_id || ' ' || trade_date || ' ' || reason as cell from coverage_hole order by 1`
  ).map(({ cell }) => cell)

/** What planning says that the cells which are missing now would take. */
async function plannedCalls(): Promise<number> {
  const { sources } = await lab.deps.sources.current()
  const plans = await planDatasetsOf(
    {
      sql: lab.db.sql,
      sources: [...sources.values()].map((source) => ({
        name: source.name,
        capabilities: source.capabilities,
        partsOf: (dataset) => source.partsOf(dataset),
        limitsOf: (budget) => source.limitsOf(budget),
        deniedApis: new Set<string>(),
      })),
      depths: [],
      ...lab.deps.settings,
      listsAgain: false,
      now: lab.deps.now,
    },
    ['bars', 'adj_factor'],
    wholeMarket(lab.market),
  )
  return plans.flatMap(({ batches }) => batches).reduce((sum, { calls }) => sum + calls, 0)
}

const calls = () => {
  const { byApi } = lab.upstream.stats()
  return (byApi.daily?.calls ?? 0) + (byApi.adj_factor?.calls ?? 0)
}

test('any damage is named cell by cell and mended by the calls of one plan', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damages, { minLength: 1, maxLength: 3 }), async (all) => {
      const damaged = new Map<string, 'lost' | 'bad_row'>()
      for (const damage of all)
        for (const { id, date } of await damageRows(damage))
          damaged.set(`${damage.table} ${id} ${date}`, damage.kind === 'scaled' ? 'bad_row' : 'lost')
      for (const dataset of ['bars', 'adj_factor'] as const)
        await markLost(lab.db.sql, { dataset, instruments: null, from: '1990-12-19', to: '2026-12-31' })
      expect(await holes()).toEqual([...damaged].map(([cell, reason]) => `${cell} ${reason}`).sort())
      const planned = await plannedCalls()
      // The run has to find all of it by itself.
      await lab.db.sql`truncate coverage_hole`
      const before = calls()
      const run = await lab.run('verify')
      expect({ status: run.status, message: run.message }).toEqual({ status: 'success', message: null })
      const reasons = [...damaged.values()]
      expect({ inserted: run.inserted, updated: run.updated, calls: calls() - before }).toEqual({
        inserted: reasons.filter((reason) => reason === 'lost').length,
        updated: reasons.filter((reason) => reason === 'bad_row').length,
        calls: planned,
      })
      expect(await holes()).toEqual([])
      expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
      expect(await factorDifferences(lab.db.sql, lab.market)).toEqual([])
    }),
    { numRuns: 5, endOnFailure: true },
  )
})

const logged = async (runId: string) =>
  (
    await lab.db.sql<{ message: string }[]>`select message from sync_log where run_id = ${runId} order by id`
  ).map(({ message }) => message)

test('a row that cannot be true is asked for again, and the true one takes its place', async () => {
  await lab.db.sql`update bars set high = low - 1 where (instrument_id, trade_date) in (
    select instrument_id, trade_date from bars where period = 'daily' order by 1, 2 desc limit 3) and period = 'daily'`
  const before = calls()
  const run = await lab.run('verify')
  expect({ status: run.status, updated: run.updated, inserted: run.inserted }).toEqual({
    status: 'success',
    updated: 3,
    inserted: 0,
  })
  expect(calls() - before).toBe(1)
  expect(await logged(run.id)).toContain('bars of tushare: 3 rows cannot be true and are asked for again')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('what was never brought is not brought, and rows that no coverage speaks of are said', async () => {
  const [gone] = await lab.db.sql<
    { id: number }[]
  >`with market as (delete from coverage where dataset = 'bars' and instrument_id = 0)
    delete from coverage where dataset = 'bars' and instrument_id = (select min(instrument_id) from coverage where instrument_id > 0)
    returning instrument_id as id`
  const [rows] = await lab.db.sql<
    { n: number }[]
  >`select count(*)::int as n from bars where period = 'daily' and instrument_id = ${gone?.id ?? 0}`
  const before = calls()
  const run = await lab.run('verify')
  expect({ status: run.status, calls: calls() - before, inserted: run.inserted }).toEqual({
    status: 'success',
    calls: 0,
    inserted: 0,
  })
  expect(await logged(run.id)).toContainEqual(
    expect.stringContaining(`bars of tushare: ${rows?.n ?? 0} rows that no run has brought`),
  )
})

test('a run over the dates of rows without coverage finds them unchanged, and what belongs to them is known again', async () => {
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect({ status: run.status, inserted: run.inserted, updated: run.updated }).toEqual({
    status: 'success',
    inserted: 0,
    updated: 0,
  })
  expect(run.unchanged).toBeGreaterThan(0)
  const check = await lab.run('verify')
  expect(await logged(check.id)).toContain('bars: every cell that is covered is there')
})

test('rows under a source that never brought them are counted, and left as they are', async () => {
  const copied = await lab.db.sql`
    insert into bars (instrument_id, symbol, trade_date, period, source, open, high, low, close, pre_close, change, pct_chg, volume, amount, run_id, data_type)
    select instrument_id, symbol, trade_date, period, 'akshare', open, high, low, close, pre_close, change, pct_chg, volume, amount, run_id, data_type
    from bars where period = 'daily' and source = 'tushare' order by trade_date desc, instrument_id limit 7`
  expect(copied.count).toBe(7)
  const before = calls()
  const run = await lab.run('verify')
  expect({ status: run.status, calls: calls() - before }).toEqual({ status: 'success', calls: 0 })
  expect(await logged(run.id)).toContainEqual(
    expect.stringContaining('bars of akshare: 7 rows that no run has brought'),
  )
  const [left] = await lab.db.sql<{ n: number }[]>`
    select count(*)::int as n from bars where source = 'akshare' and period = 'daily'`
  expect(left?.n).toBe(7)
})
