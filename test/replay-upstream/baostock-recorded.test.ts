import { describe, expect, test } from 'vitest'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { recordedMarket } from '../support/recorded.ts'
import { codeOf, history, records, withBaostock } from './baostock-client.ts'
import { recordedData } from './client.ts'

const PERIOD_FIELDS = 'date,code,open,high,low,close,volume,amount,adjustflag,turn,pctChg'
const directory = recordedData()

describe.skipIf(directory === undefined)('the recorded market', () => {
  test.each([
    ['w', 'weekly_doc_sample'],
    ['m', 'monthly_doc_sample'],
  ])('aggregates days to what was published, frequency %s', (frequency, file) =>
    withBaostock({ market: recordedMarket() }, async (connection) => {
      const columns = ['trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount']
      const published = pickColumns(readCsv(directory ?? '', file), columns).filter(
        ([date = '']) => date >= '20180110' && date <= '20181231',
      )
      const served = await history(connection, 'sz.000001', {
        frequency,
        fields: PERIOD_FIELDS,
        from: '2018-01-01',
        to: '2018-12-31',
      })
      expect(published.length).toBeGreaterThan(9)
      for (const [date = '', ...values] of published) {
        // Months are dated by their last day there, by their last session here.
        const row = served.findLast((line) => (line.date ?? '').replaceAll('-', '') <= date)
        const [open, high, low, close, lots, thousands] = values.map(Number)
        expect([row?.open, row?.high, row?.low, row?.close].map(Number)).toEqual([open, high, low, close])
        expect(Number(row?.volume) / (lots ?? 0) / 100).toBeCloseTo(1, 6)
        // They were printed with six to eight digits.
        expect(Number(row?.amount) / (thousands ?? 0) / 1000).toBeCloseTo(1, 6)
      }
    }),
  )

  test('says of a day what the real server said of it', () =>
    withBaostock({ market: recordedMarket() }, async (connection) => {
      const columns = ['code', 'date', 'volume', 'amount', 'pctChg', 'tradestatus']
      const real = pickColumns(readCsv(directory ?? '', 'baostock_k_data_qfq'), columns)
      const codes = [...new Set(real.map(([code = '']) => code))].slice(0, 12)
      let compared = 0
      for (const code of codes) {
        const served = await history(connection, code, { from: '2018-01-01', to: '2020-01-10', flag: '2' })
        const byDate = new Map(served.map((row) => [row.date, row]))
        for (const [, date, volume, amount, pct, status] of real.filter((row) => row[0] === code)) {
          const row = byDate.get(date)
          if (row === undefined || status === '0') continue
          compared += 1
          // Two decimals are all that Tushare published in those years.
          expect(Math.abs(Number(row.pctChg) - Number(pct))).toBeLessThan(0.0051)
          expect(Math.abs(Number(row.volume) / Number(volume) - 1)).toBeLessThan(1e-6)
          expect(Math.abs(Number(row.amount) / Number(amount) - 1)).toBeLessThan(1e-6)
        }
      }
      expect(compared).toBeGreaterThan(3000)
    }))

  test('has a table for each whole-market day, without Beijing and without share counts or names', () =>
    withBaostock({ market: recordedMarket() }, async ({ ask }) => {
      const table = records(await ask('98', 'query_daily_history_k_AStock', '2026-04-01'))
      const truth = [...recordedMarket().truthBars()].filter(
        (bar) => bar.trade_date === '2026-04-01' && !bar.symbol.endsWith('.BJ'),
      )
      expect(truth.length).toBeGreaterThan(5000)
      expect(table.map((row) => row.code).sort()).toEqual(truth.map(({ symbol }) => codeOf(symbol)).sort())
      const closes = new Map(truth.map((bar) => [codeOf(bar.symbol), Number(bar.close)]))
      expect(table.filter((row) => Number(row.close) !== closes.get(row.code ?? ''))).toEqual([])
      expect(
        new Set(table.map((row) => `${row.turn ?? ''}|${row.isST ?? ''}|${row.tradestatus ?? ''}`)),
      ).toEqual(new Set(['||1']))
    }))
})
