import { afterEach, expect, test } from 'vitest'
import { type Lab, type LabOptions, openLab, wholeMarket } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { valuationDifferences } from '../support/valuations.ts'

/*
 * Daily valuations from three sources, each with the part that it has, and the newest of them in the stock list.
 */

let lab: Lab
afterEach(() => lab.close())

const open = async (options: LabOptions): Promise<Lab> => {
  lab = await openLab({ market: yearMarket(28), ...options })
  return lab
}

const NEWEST = '2026-11-20'
const isNewest = (_symbol: string, date: string) => date === NEWEST
// BaoStock has no Beijing stocks, and the old key with letters is Tushare's own.
const isBaostocks = (symbol: string) => !symbol.endsWith('.BJ') && symbol !== 'T00018.SH'
const last60 = { start_date: '2026-08-25', end_date: NEWEST }

const callsOfBaostock = (api: string): number => lab.baostock.stats().byApi[api]?.calls ?? 0

async function log(runId: string): Promise<string> {
  const rows = await lab.db.sql<{ message: string }[]>`
    select message from sync_log where run_id = ${runId} order by id`
  return rows.map((row) => row.message).join('\n')
}

async function listed(
  source: string,
): Promise<{ symbol: string; total_mv: string | null; pe_ttm: string | null }[]> {
  return await lab.db.sql`
    select symbol, total_mv, pe_ttm, valuation_date from stock_basic_info
    where source = ${source} and valuation_date = ${NEWEST} order by symbol`
}

test('Tushare: valuations of a range are those of the market, in shares and yuan', async () => {
  const { db, market } = await open({ market: yearMarket(12) })
  const run = await lab.run('full_history', {
    ...last60,
    symbols: market.instruments.map(({ code }) => code),
  })
  expect(run.status, await log(run.id)).toMatch(/success/)
  const isAsked = (_symbol: string, date: string) => date >= last60.start_date
  expect(await valuationDifferences(db.sql, market, 'tushare', isAsked)).toEqual([])
  const again = await lab.run('full_history', {
    ...last60,
    symbols: market.instruments.map(({ code }) => code),
  })
  expect(await log(again.id)).toMatch(/daily_basic: 0 batches/)
})

test('stock_basics over three sources fills the list of each with its own newest values', async () => {
  const { db, market } = await open({ akshare: {}, baostock: {} })
  const run = await lab.run('stock_basics', { source_mode: 'all' })
  expect(run.status, await log(run.id)).toMatch(/success/)
  expect(await valuationDifferences(db.sql, market, 'tushare', isNewest)).toEqual([])
  expect(await valuationDifferences(db.sql, market, 'akshare', isNewest)).toEqual([])
  const ofBaostock = (symbol: string, date: string) => isNewest(symbol, date) && isBaostocks(symbol)
  expect(await valuationDifferences(db.sql, market, 'baostock', ofBaostock)).toEqual([])
  const [tushare, akshare, baostock] = [
    await listed('tushare'),
    await listed('akshare'),
    await listed('baostock'),
  ]
  expect(tushare.length).toBeGreaterThan(20)
  expect(tushare.every(({ total_mv }) => total_mv !== null)).toBe(true)
  expect(akshare.map(({ symbol, total_mv }) => [symbol, total_mv])).toEqual(
    tushare.map(({ symbol, total_mv }) => [symbol, total_mv]),
  )
  expect(baostock.every(({ total_mv }) => total_mv === null)).toBe(true)
  expect(baostock.some(({ pe_ttm }) => Number(pe_ttm) < 0)).toBe(true)
})

test('BaoStock alone: valuations come with the bars, without a call of their own', async () => {
  const { db, market } = await open({ market: yearMarket(12), tushare: { priority: null }, baostock: {} })
  // With symbols the run is about stocks: indices have lines of their own.
  const asked = { ...last60, symbols: market.instruments.map(({ code }) => code) }
  await lab.run('daily_history', asked)
  const before =
    callsOfBaostock('query_history_k_data_plus') + callsOfBaostock('query_daily_history_k_AStock')
  const run = await lab.run('full_history', { ...asked, refresh: true })
  expect(run.status, await log(run.id)).toMatch(/success/)
  const after = callsOfBaostock('query_history_k_data_plus') + callsOfBaostock('query_daily_history_k_AStock')
  // As many again as the bars alone took; the first run also sampled how far back whole days reach.
  expect(after - before).toBeLessThanOrEqual(before)
  const isAsked = (symbol: string, date: string) => date >= last60.start_date && isBaostocks(symbol)
  expect(await valuationDifferences(db.sql, market, 'baostock', isAsked)).toEqual([])
  expect(await log(run.id)).toContain('comes with the bars of baostock')
  expect(await log(run.id)).toContain('market values and shares: no source that is switched on')
})

test('Tushare with 120 points and BaoStock: bars from one, valuations from the other', async () => {
  const { db, market } = await open({
    tushare: { points: 120, callsPerMinute: undefined },
    replay: { points: 120 },
    baostock: {},
  })
  const run = await lab.run('full_history', last60)
  expect(run.status, await log(run.id)).toMatch(/success/)
  const isAsked = (symbol: string, date: string) => date >= last60.start_date && isBaostocks(symbol)
  expect(await valuationDifferences(db.sql, market, 'baostock', isAsked)).toEqual([])
  const [bars] = await db.sql<
    { sources: string[] }[]
  >`select array_agg(distinct source) as sources from bars where period = 'daily'`
  expect(bars?.sources).toEqual(['tushare'])
})

test('what only BaoStock has valued is asked again of a source that has market values', async () => {
  const { db, market } = await open({ baostock: {} })
  await lab.run('stock_basics', { preferred_sources: ['baostock'] })
  // Who comes first for the run lacks market values: they are fetched from the one that has them.
  expect(await valuationDifferences(db.sql, market, 'tushare', isNewest)).toEqual([])
  // What is asked again are stocks without a row, which may be late; none that came.
  const again = await lab.run('stock_basics')
  const [brought] = await db.sql<{ rows: number }[]>`
    select coalesce(sum(inserted + updated + unchanged), 0)::int as rows from sync_run_source
    where run_id = ${again.id} and dataset = 'daily_basic' and source = 'tushare'`
  expect(brought?.rows).toBe(0)
})

test('names come whole, and say when a stock was under special treatment', async () => {
  const { db, market } = await open({ market: yearMarket(80, { years: 3 }) })
  const run = await lab.run('full_history', { ...wholeMarket(market), start_date: NEWEST })
  expect(run.status, await log(run.id)).toMatch(/success/)
  const [names] = await db.sql<{ n: number }[]>`select count(*)::int as n from name_change`
  const spells = market.instruments.flatMap(({ id }) => market.names(id))
  expect(names?.n, await log(run.id)).toBe(spells.length)
  const special = new Set(spells.filter(({ name }) => /ST/.test(name)).map(({ code }) => code))
  const found = await db.sql<{ code: string }[]>`
    select distinct c.code from st_interval s join instrument_code c using (instrument_id) where s.kind = 'st' and c.valid_to is null`
  expect(new Set(found.map(({ code }) => code))).toEqual(special)
})
