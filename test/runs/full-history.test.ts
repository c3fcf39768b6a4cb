import { afterAll, beforeAll, expect, test } from 'vitest'
import { yearMarket } from '../support/market.ts'
import { openLab, wholeMarket, type Lab } from '../support/lab.ts'
import { barDifferences, factorDifferences, rowVersions } from '../support/truth.ts'

let lab: Lab

beforeAll(async () => {
  lab = await openLab({ market: yearMarket(20) })
})
afterAll(() => lab.close())

test('a full history ends with every bar and factor of the market, to the last digit', async () => {
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect(run.status).toBe('success')
  expect(await barDifferences(lab.db.sql, lab.market)).toEqual([])
  expect(await factorDifferences(lab.db.sql, lab.market)).toEqual([])
})

test('every suspension and every stock of the market is there', async () => {
  const { sql } = lab.db
  const suspensions = await sql<{ key: string }[]>`
    select concat_ws(' ', symbol, trade_date, suspend_type, suspend_timing) as key from suspension order by 1`
  const truth = [...lab.market.truthSuspensions()].map((s) =>
    [s.symbol, s.trade_date, s.type, s.timing].filter((x) => x !== null).join(' '),
  )
  const { start_date: from = '', end_date: to = '' } = wholeMarket(lab.market)
  const due = truth.filter((key) => key.slice(10, 20) >= from && key.slice(10, 20) <= to)
  expect(suspensions.map((s) => s.key)).toEqual(due.sort())
  const stocks = await sql<{ symbol: string }[]>`select symbol from stock_basic_info order by symbol`
  expect(stocks.map((s) => s.symbol)).toEqual([...lab.market.truthStocks()].map((s) => s.symbol).sort())
})

test('the same run again asks for no bar, changes nothing and writes no row version', async () => {
  const before = await rowVersions(lab.db.sql)
  const run = await lab.run('daily_history', wholeMarket(lab.market))
  expect({ status: run.status, inserted: run.inserted, updated: run.updated }).toEqual({
    status: 'success',
    inserted: 0,
    updated: 0,
  })
  expect(lab.upstream.stats().byApi.daily?.calls).toBe(
    (await lab.db.sql`select sum(calls)::int as n from sync_batch where dataset = 'bars'`)[0]?.n,
  )
  expect(await rowVersions(lab.db.sql)).toBe(before)
})

test('a refresh asks for everything again and still writes no row version', async () => {
  const before = await rowVersions(lab.db.sql)
  const run = await lab.run('daily_history', { ...wholeMarket(lab.market), refresh: true })
  expect({ status: run.status, inserted: run.inserted, updated: run.updated }).toEqual({
    status: 'success',
    inserted: 0,
    updated: 0,
  })
  expect(run.unchanged).toBeGreaterThan(8_000)
  expect(await rowVersions(lab.db.sql)).toBe(before)
})

test('a bar that the upstream corrected is updated, and the old value is kept', async () => {
  const bar = [...lab.market.truthBars('600018.SH'), ...lab.market.truthBars()].at(-1)
  if (!bar) throw new Error('the market has no bar')
  lab.upstream.changeMarket({
    correct: [
      {
        code: bar.symbol,
        date: bar.trade_date.replaceAll('-', ''),
        amount: Math.round(Number(bar.amount)) + 1000,
      },
    ],
  })
  const run = await lab.run('daily_history', { ...wholeMarket(lab.market), refresh: true })
  expect(run.updated).toBe(1)
  const [old] = await lab.db.sql`select old->>'amount' as amount from revision`
  expect(Number(old?.amount)).toBe(Number(bar.amount))
})
