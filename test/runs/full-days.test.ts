import { afterEach, expect, test } from 'vitest'
import { type Lab, openLab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { barDifferences } from '../support/truth.ts'

/* Days at the edge: more rows than an answer holds, and a source that has half of them. */

let lab: Lab
afterEach(() => lab.close())

const newestOf = ({ market }: Lab) => {
  const date = market.calendar.sessions[market.lastSession] ?? ''
  return { date, iso: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` }
}

test('a day of more than 6,000 rows loses none of them', { timeout: 180_000 }, async () => {
  lab = await openLab({ market: yearMarket(6_700, { years: 0.1 }) })
  const { iso } = newestOf(lab)
  const rows = [...lab.market.truthBars()].filter(({ trade_date }) => trade_date === iso).length
  expect(rows).toBeGreaterThan(6_000)
  const run = await lab.run('daily_history', { start_date: iso, end_date: iso })
  expect(run.status).toBe('success')
  expect(lab.upstream.stats().byApi.daily).toMatchObject({ calls: 2, rows })
  expect(await barDifferences(lab.db.sql, lab.market, (_, date) => date === iso)).toEqual([])
  const [gate] = await lab.db.sql`select state, present from day_gate where dataset = 'bars'`
  expect(gate).toEqual({ state: 'complete', present: rows })
})

test('half a day of one source is made whole by another in the same run', async () => {
  lab = await openLab({ market: yearMarket(12), baostock: {} })
  const { date, iso } = newestOf(lab)
  await lab.run('stock_list')
  lab.upstream.changeMarket({ hold: { date, percent: 50 } })
  await lab.run('daily_history', { start_date: iso, end_date: iso })
  const sources = await lab.db.sql<{ source: string; n: number }[]>`
    select source, count(*)::int as n from bars where period = 'daily' and trade_date = ${iso} group by 1 order by 1`
  expect(sources.map(({ source }) => source)).toEqual(['baostock', 'tushare'])
  const [gate] = await lab.db.sql<
    { state: string; reasons: { symbols?: string[] } }[]
  >`select state, reasons from day_gate where dataset = 'bars'`
  // Beijing is not BaoStock's.
  expect((gate?.reasons.symbols ?? []).filter((symbol) => !symbol.endsWith('.BJ'))).toEqual([])
})
