import { describe, expect, test } from 'vitest'
import type { ReplayMarket } from '../../local/replay/market.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { day, listed, prefixed, rowsOf, withAktools } from './aktools-client.ts'
import type { Row } from './aktools-client.ts'

const byCode = (rows: readonly Row[]) => new Map(rows.map((row) => [row.代码, row]))
const newestDate = (market: ReplayMarket): string => {
  const date = market.calendar.sessions[market.lastSession] ?? ''
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
}
const newestBars = (market: ReplayMarket): Map<string, TruthBar> => {
  const bars = [...market.truthBars()].filter(({ trade_date }) => trade_date === newestDate(market))
  return new Map(bars.map((bar) => [bar.symbol.slice(0, 6), bar]))
}

describe('snapshots', () => {
  test('of East Money hold every listed stock, best first, those that do not trade last', () =>
    withAktools({}, async ({ url }, market) => {
      const rows = await rowsOf(url, 'stock_zh_a_spot_em')
      const bars = newestBars(market)
      expect(rows.map((row) => row.代码).sort()).toEqual(
        listed(market)
          .map(({ symbol }) => symbol.slice(0, 6))
          .sort(),
      )
      expect(rows.map((row) => row.序号)).toEqual(rows.map((_, at) => at + 1))
      const changes = rows.map((row) => Number(row.涨跌幅 ?? -Infinity))
      expect(changes).toEqual([...changes].sort((a, b) => b - a))
      const still = rows.filter((row) => row.最新价 === null)
      expect(still.length).toBe(rows.length - bars.size)
      expect(still.length).toBeGreaterThan(0)
      for (const row of rows) {
        const bar = bars.get(String(row.代码))
        expect(row).toMatchObject(
          bar === undefined
            ? { 最新价: null, 涨跌幅: null, 成交量: null, 成交额: null, 今开: null, 最高: null, 最低: null }
            : {
                最新价: Number(bar.close),
                今开: Number(bar.open),
                最高: Number(bar.high),
                最低: Number(bar.low),
                昨收: Number(bar.pre_close),
                成交量: Math.round(bar.volume / 100),
                成交额: Number(bar.amount),
              },
        )
      }
    }))

  test('of Sina count shares, and one that does not trade has prices of 0', () =>
    withAktools({}, async ({ url }, market) => {
      const rows = await rowsOf(url, 'stock_zh_a_spot')
      const bars = newestBars(market)
      const codes = rows.map((row) => String(row.代码))
      expect(codes).toEqual(
        listed(market)
          .map(({ symbol }) => prefixed(symbol))
          .sort(),
      )
      for (const row of rows) {
        const bar = bars.get(String(row.代码).slice(2))
        expect(row).toMatchObject(
          bar === undefined
            ? { 最新价: 0, 今开: 0, 成交量: 0, 成交额: 0 }
            : {
                最新价: Number(bar.close),
                昨收: Number(bar.pre_close),
                成交量: bar.volume,
                成交额: Number(bar.amount),
              },
        )
      }
    }))

  test('move with the market', () =>
    withAktools({}, async ({ url, control }, market) => {
      const before = byCode(await rowsOf(url, 'stock_zh_a_spot_em'))
      control.changeMarket({ today: '20261123' })
      const after = byCode(await rowsOf(url, 'stock_zh_a_spot_em'))
      const traded = [...newestBars(market).keys()].filter((code) => before.get(code)?.最新价 != null)
      expect(traded.length).toBeGreaterThan(50)
      // The day before's close is today's reference unless a dividend came between.
      const same = traded.filter((code) => after.get(code)?.昨收 === before.get(code)?.最新价)
      expect(same.length).toBeGreaterThan(traded.length * 0.9)
    }))
})

describe('lists', () => {
  test('hold every stock once', () =>
    withAktools({}, async ({ url }, market) => {
      const all = await rowsOf(url, 'stock_info_a_code_name')
      const names = listed(market).map(({ symbol, name }) => [symbol.slice(0, 6), name])
      expect(all.map(({ code, name }) => [code, name]).sort()).toEqual(names.sort())
      const main = await rowsOf(url, 'stock_info_sh_name_code')
      const star = await rowsOf(url, 'stock_info_sh_name_code', { symbol: '科创板' })
      const shenzhen = await rowsOf(url, 'stock_info_sz_name_code')
      const beijing = await rowsOf(url, 'stock_info_bj_name_code')
      expect(star.every((row) => /^68[789]/.test(String(row.证券代码)))).toBe(true)
      expect(main.length + star.length + shenzhen.length + beijing.length).toBe(all.length)
    }))

  test('tell when stocks were listed and delisted', () =>
    withAktools({}, async ({ url }, market) => {
      const gone = [
        ...(await rowsOf(url, 'stock_info_sh_delist')).map((row) => [
          row.公司代码,
          row.上市日期,
          row.暂停上市日期,
        ]),
        ...(await rowsOf(url, 'stock_info_sz_delist')).map((row) => [
          row.证券代码,
          row.上市日期,
          row.终止上市日期,
        ]),
      ].map(([code, from, to]) => [code, day(from), day(to)])
      const truth = [...market.truthStocks()].filter(
        ({ status, symbol }) => status === 'D' && !symbol.endsWith('.BJ'),
      )
      expect(gone.sort()).toEqual(
        truth.map((one) => [one.symbol.slice(0, 6), one.list_date, one.delist_date]).sort(),
      )
      expect(gone.length).toBeGreaterThan(0)
    }))

  test('of sessions reach from the first one to the end of the year', () =>
    withAktools({}, async ({ url }, market) => {
      const dates = (await rowsOf(url, 'tool_trade_date_hist_sina')).map((row) => day(row.trade_date))
      expect([dates[0], dates.at(-1)]).toEqual(['1990-12-19', '2026-12-31'])
      expect(dates.map((date) => date.replaceAll('-', ''))).toEqual(market.calendar.sessions)
    }))

  test('of suspensions name who does not trade on a day', () =>
    withAktools({}, async ({ url }, market) => {
      const truth = [...market.truthSuspensions()].filter(({ type }) => type === 'S')
      const dates = [...new Set(truth.map(({ trade_date }) => trade_date))].sort().slice(-60)
      expect(dates.length).toBe(60)
      for (const date of dates) {
        const rows = await rowsOf(url, 'stock_tfp_em', { date: date.replaceAll('-', '') })
        const on = rows.filter(
          (row) => day(row.停牌时间) <= date && (row.停牌截止时间 === null || day(row.停牌截止时间) >= date),
        )
        expect(on.map((row) => [row.代码, row.停牌期限 === '盘中停牌']).sort()).toEqual(
          truth
            .filter((row) => row.trade_date === date)
            .map(({ symbol, timing }) => [symbol.slice(0, 6), timing !== null])
            .sort(),
        )
      }
    }))
})
