import { afterEach, expect, test } from 'vitest'
import { sealKey } from '../../db/sealed.ts'
import { saveSourceSetting } from '../../db/source-settings.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { Secret } from '../../market/secret.ts'
import { type Lab, type LabOptions, openLab, TEST_TOKEN, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences, factorDifferences, priceDifferences } from '../support/truth.ts'

/*
 * What a new user has on the first day: no account at all, a Tushare account of some rank, AKTools, or one after the other.
 * Each must end with all that the sources together can give, and say what they cannot.
 */

let lab: Lab
afterEach(() => lab.close())

const open = async (options: LabOptions): Promise<Lab> => {
  lab = await openLab({ market: yearMarket(30, { years: 0.5 }), ...options })
  return lab
}

/** As long a calendar as upstreams have, where a source is alone. */
const sandbox = () => createSandboxMarket({ stocks: 30, years: 0.5 })

// Under this key a delisted stock stands in Tushare's list alone.
const isTushares = (symbol: string) => symbol === 'T00018.SH'
const isBaostocks = (symbol: string) => !symbol.endsWith('.BJ') && !isTushares(symbol)

async function log(runId: string): Promise<string> {
  const rows = await lab.db.sql<{ message: string }[]>`
    select message from sync_log where run_id = ${runId} order by id`
  return rows.map((row) => row.message).join('\n')
}

/** Who brought what: `bars:baostock`. */
async function broughtBy(runId: string): Promise<string[]> {
  const rows = await lab.db.sql<{ pair: string }[]>`
    select dataset || ':' || source as pair from sync_run_source where run_id = ${runId} and inserted > 0 order by 1`
  return rows.map((row) => row.pair)
}

test('no account: BaoStock alone brings Shanghai and Shenzhen, and says that Beijing has no source', async () => {
  const { db, market } = await open({ market: sandbox(), tushare: { priority: null }, baostock: {} })
  const run = await lab.run('daily_history', wholeMarket(market))
  expect(run.status).toBe('success')
  expect(await log(run.id)).toContain('BSE: no source')
  expect(await priceDifferences(db.sql, market, isBaostocks)).toEqual([])
  expect(run.verification).toMatchObject({ incomplete: 0, unverified: 0 })
  const [suspended] = await db.sql<
    { n: number }[]
  >`select count(*)::int as n from suspension where source = 'baostock'`
  expect(suspended?.n).toBeGreaterThan(0)
  expect(lab.baostock.stats().connections.maxParallel).toBe(1)
})

test('Tushare with 120 points: `daily` from there, lists, calendar and factors from BaoStock', async () => {
  const { db, market } = await open({
    tushare: { points: 120, callsPerMinute: undefined },
    replay: { points: 120 },
    baostock: {},
  })
  const run = await lab.run('daily_history', wholeMarket(market))
  expect(run.status).toBe('success')
  expect(await broughtBy(run.id)).toEqual([
    'adj_factor:baostock',
    // Suspensions: they explain cells that Tushare's bars lack.
    'bars:baostock',
    'bars:tushare',
    'stock_list:baostock',
    'trade_calendar:baostock',
  ])
  expect(await barDifferences(db.sql, market, isBaostocks)).toEqual([])
  expect(run.verification).toMatchObject({ incomplete: 0, unverified: 0 })
})

test('Tushare with 120 points that nobody told us: what is refused is learned, remembered and brought by BaoStock', async () => {
  const { market } = await open({ replay: { points: 120 }, baostock: {} })
  const first = await lab.run('daily_history', wholeMarket(market))
  expect(first.status).toBe('success')
  expect(await broughtBy(first.id)).toContain('adj_factor:baostock')
  const refused = lab.upstream.stats().byApi['adj_factor']?.calls ?? 0
  expect(refused).toBeGreaterThan(0)
  await lab.run('daily_history', { ...wholeMarket(market), refresh: true })
  expect(lab.upstream.stats().byApi['adj_factor']?.calls).toBe(refused)
})

test.each([2_000, 5_000])('Tushare with %i points: all of it from there', async (points) => {
  const { db, market } = await open({
    market: sandbox(),
    tushare: { points, callsPerMinute: undefined },
    replay: { points },
  })
  const run = await lab.run('daily_history', wholeMarket(market))
  expect(run.status).toBe('success')
  expect(await barDifferences(db.sql, market)).toEqual([])
  expect(await factorDifferences(db.sql, market)).toEqual([])
})

test('AKTools alone brings lists, bars and factors of all three exchanges', async () => {
  const { db, market } = await open({ market: sandbox(), tushare: { priority: null }, akshare: {} })
  const run = await lab.run('daily_history', wholeMarket(market))
  expect(await log(run.id)).toContain('restart it daily')
  expect(await priceDifferences(db.sql, market, (symbol) => !isTushares(symbol))).toEqual([])
  // So small a market has no delisted stock in Shenzhen, and that list is empty.
  const failures = await db.sql`select message from sync_failure where symbol is distinct from 'T00018.SH'`
  expect(failures).toEqual([])
})

test('a BaoStock user stores a Tushare token: an upgrade fetches what only BaoStock had', async () => {
  const key = sealKey(new Secret('a secret of sixteen characters'))
  const { db, market } = await open({ tushare: { token: undefined }, baostock: {}, sealKey: key })
  const before = await lab.run('daily_history', wholeMarket(market))
  expect(await broughtBy(before.id)).toContain('bars:baostock')
  await saveSourceSetting(db.sql, 'tushare', { token: TEST_TOKEN }, key)
  const upgraded = await lab.run('daily_history', { ...wholeMarket(market), want: 'upgrade' })
  expect(upgraded.status).toBe('success')
  expect(await barDifferences(db.sql, market)).toEqual([])
  const again = await lab.run('daily_history', { ...wholeMarket(market), want: 'upgrade' })
  expect({ inserted: again.inserted, updated: again.updated }).toEqual({ inserted: 0, updated: 0 })
})
