import { expect, test } from 'vitest'
import { type Statement, STATEMENTS, truthReports } from '../../local/replay/reports.ts'
import { openLab } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'

/*
 * Reports without Tushare: from East Money for whole markets, from BaoStock for single symbols.
 */

test('East Money has the newest version of every period, for Shanghai and Shenzhen; of the key figures for Beijing too', async () => {
  const market = yearMarket(30)
  const lab = await openLab({ market, tushare: { priority: null }, akshare: {}, baostock: {} })
  try {
    const row = await lab.until(
      await lab.start('finance_history', { start_date: '2025-12-31' }),
      undefined,
      120,
    )
    expect(row.status).toBe('success')
    const newest = (statement: Statement): string[] => {
      // The site knows no codes with letters.
      const all = [...truthReports(market, statement)]
        .filter(({ symbol }) => /^\d/.test(symbol))
        .filter(
          ({ period_end, symbol }) =>
            period_end >= '2025-12-31' && (statement === 'fin_indicator' || !symbol.endsWith('.BJ')),
        )
        .map(
          ({ symbol, period_end, f_ann_date, ann_date }) =>
            [`${symbol} ${period_end}`, f_ann_date ?? ann_date] as const,
        )
        .sort((a, b) => (a[1] < b[1] ? -1 : 1))
      return [...new Map(all)].map(([key, date]) => `${key} ${date}`).sort()
    }
    for (const statement of STATEMENTS) {
      const rows = await lab.db.sql<{ key: string }[]>`
          select symbol || ' ' || period_end || ' ' || f_ann_date as key from financial_report where statement = ${statement} and source = 'akshare'`
      expect(rows.map(({ key }) => key).sort()).toEqual(newest(statement))
    }
    const [sums] = await lab.db.sql<{ wrong: number; n: number }[]>`
        select count(*)::int as n, count(*) filter (where abs((items ->> 'total_assets')::numeric - (items ->> 'total_liab')::numeric
          - (items ->> 'total_hldr_eqy_inc_min_int')::numeric) > 1)::int as wrong from financial_report where statement = 'balance_sheet'`
    expect([sums?.wrong, (sums?.n ?? 0) > 60]).toEqual([0, true])
    // What a site is asked is pages of 500 rows: one for each call of a small market.
    const [budget] = await lab.db.sql<{ calls: number }[]>`
        select total_calls::int as calls from source_budget where source = 'akshare' and api = 'eastmoney'`
    expect(budget?.calls).toBe(16)
  } finally {
    await lab.close()
  }
})

test('BaoStock has the indicators of single symbols, and of a whole market nobody asks it', async () => {
  const market = yearMarket(30)
  const lab = await openLab({ market, tushare: { priority: null }, baostock: {} })
  try {
    const params = { start_date: '2025-12-31', symbols: ['600000.SH'] }
    const row = await lab.until(await lab.start('finance_history', params), undefined, 120)
    const [have] = await lab.db.sql<{ n: number; roe: number; equity: string }[]>`
      select count(*)::int as n from financial_report where source = 'baostock' and statement = 'fin_indicator'`
    const periods = new Set(
      [...truthReports(market, 'fin_indicator')]
        .filter(({ symbol, period_end }) => symbol === '600000.SH' && period_end >= '2025-12-31')
        .map(({ period_end }) => period_end),
    )
    expect(have?.n).toBe(periods.size)
    // Fractions have become percent, as Tushare has them.
    const margins = await lab.db.sql<{ period_end: string; margin: number }[]>`
      select period_end, (items ->> 'netprofit_margin')::float8 as margin from financial_report where source = 'baostock'`
    const truth = [...truthReports(market, 'fin_indicator')].filter(({ symbol }) => symbol === '600000.SH')
    for (const { period_end, margin } of margins)
      expect(
        truth.filter((report) => report.period_end === period_end).map(({ items }) => items.netprofit_margin),
      ).toContain(margin)
    // Six tables for each quarter.
    const [asked] = await lab.db.sql<{ calls: number }[]>`
      select sum(calls)::int as calls from sync_batch where run_id = ${row.id} and dataset = 'fin_indicator'`
    expect(asked?.calls).toBeGreaterThanOrEqual(6 * periods.size)
    expect(row.status).toBe('success')
  } finally {
    await lab.close()
  }
})
