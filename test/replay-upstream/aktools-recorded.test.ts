import { describe, expect, test } from 'vitest'
import { hasRecordedData, recordedMarket } from '../support/recorded.ts'
import { rowsOf, statusOf, withAktools } from './aktools-client.ts'

describe.skipIf(!hasRecordedData)('a recorded market', () => {
  const market = hasRecordedData ? recordedMarket() : undefined
  const withRecorded = (claim: Parameters<typeof withAktools>[1]) =>
    withAktools(market === undefined ? {} : { market }, claim)

  test('has the recorded bars', () =>
    withRecorded(async ({ url }) => {
      const days = await rowsOf(url, 'stock_zh_a_hist', {
        symbol: '600519',
        start_date: '20180102',
        end_date: '20191231',
      })
      const truth = [...(market?.truthBars('600519.SH') ?? [])].filter((bar) => bar.trade_date < '2020')
      expect(days.length).toBe(487)
      expect(days.map((row) => [String(row.日期).slice(0, 10), row.收盘, row.成交额])).toEqual(
        truth.map((bar) => [bar.trade_date, Number(bar.close), Number(bar.amount)]),
      )
    }))

  test('has the newest recorded session as a snapshot of the whole market', () =>
    withRecorded(async ({ url }) => {
      const rows = await rowsOf(url, 'stock_zh_a_spot_em')
      const newest = [...(market?.truthBars() ?? [])].filter((bar) => bar.trade_date === '2026-04-01')
      const traded = rows.filter((row) => row.最新价 !== null)
      expect(traded.length).toBe(newest.length)
      const closes = new Map(newest.map((bar) => [bar.symbol.slice(0, 6), Number(bar.close)]))
      expect(traded.every((row) => row.最新价 === closes.get(String(row.代码)))).toBe(true)
    }))

  test('has the recorded factors', () =>
    withRecorded(async ({ url }) => {
      const rows = await rowsOf(url, 'stock_zh_a_daily', { symbol: 'sz000001', adjust: 'hfq-factor' })
      const on = (date: string) => rows.find((row) => String(row.date).slice(0, 10) <= date)?.hfq_factor
      expect(Number(on('2018-07-12'))).toBe(108.031)
      expect(rows.at(-1)?.date).toBe('1900-01-01T00:00:00.000')
    }))

  test('invents nothing: no suspensions, no share counts, no dividends', () =>
    withRecorded(async ({ url }) => {
      const symbol = '600519'
      expect(await statusOf(url, 'stock_tfp_em', { date: '20260401' })).toBe(500)
      expect(await statusOf(url, 'stock_yjbb_em', { date: '20220930' })).toBe(500)
      expect(await statusOf(url, 'stock_zh_a_hist', { symbol, adjust: 'qfq' })).toBe(500)
      const [bar] = await rowsOf(url, 'stock_zh_a_hist', { symbol })
      expect(bar?.换手率).toBeNull()
      const [sina] = await rowsOf(url, 'stock_zh_a_daily', { symbol: `sh${symbol}` })
      expect([sina?.outstanding_share, sina?.turnover]).toEqual([null, null])
      const [stock] = await rowsOf(url, 'stock_info_sz_name_code')
      expect(stock?.A股总股本).toBeNull()
    }))
})
