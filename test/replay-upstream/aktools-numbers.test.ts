import { describe, expect, test } from 'vitest'
import type { ReplayMarket } from '../../local/replay/market.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { adjust } from '../../local/replay/aktools/klines.ts'
import { rowsOf, withAktools } from './aktools-client.ts'
import type { Row } from './aktools-client.ts'

const day = (date: unknown): string => String(date).slice(0, 10)
const prefixed = (symbol: string): string => symbol.slice(7).toLowerCase() + symbol.slice(0, 6)
const listed = (market: ReplayMarket) => [...market.truthStocks()].filter(({ status }) => status !== 'D')
const byCode = (rows: readonly Row[]) => new Map(rows.map((row) => [row.代码, row]))
const newestDate = (market: ReplayMarket): string => {
  const date = market.calendar.sessions[market.lastSession] ?? ''
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
}
const newestBars = (market: ReplayMarket): Map<string, TruthBar> => {
  const bars = [...market.truthBars()].filter(({ trade_date }) => trade_date === newestDate(market))
  return new Map(bars.map((bar) => [bar.symbol.slice(0, 6), bar]))
}

describe('bars', () => {
  test('of East Money are the truth, in lots', () =>
    withAktools({}, async ({ url }, market) => {
      for (const { symbol } of listed(market).slice(0, 40)) {
        const rows = await rowsOf(url, 'stock_zh_a_hist', { symbol: symbol.slice(0, 6) })
        const truth = [...market.truthBars(symbol)]
        expect(rows.map((row) => day(row.日期))).toEqual(truth.map((bar) => bar.trade_date))
        expect(
          rows.map((row) => [row.开盘, row.收盘, row.最高, row.最低, row.成交量, row.成交额, row.涨跌额]),
        ).toEqual(
          truth.map((bar) => [
            ...[bar.open, bar.close, bar.high, bar.low].map(Number),
            Math.round(bar.volume / 100),
            Number(bar.amount),
            Number(bar.change),
          ]),
        )
        // Two decimals here, four in the truth; half of a hundredth, and a hair for halves.
        const isNear = rows.map(
          (row, at) => Math.abs(Number(row.涨跌幅) - Number(truth[at]?.pct_chg)) < 0.00506,
        )
        expect(isNear).not.toContain(false)
      }
    }))

  test('of Sina are the truth, in shares, with turnover as a fraction', () =>
    withAktools({}, async ({ url }, market) => {
      for (const { symbol } of listed(market).slice(0, 40)) {
        const rows = await rowsOf(url, 'stock_zh_a_daily', { symbol: prefixed(symbol) })
        const percents = await rowsOf(url, 'stock_zh_a_hist', { symbol: symbol.slice(0, 6) })
        expect(
          rows.map(({ date, open, high, low, close, volume, amount }) => [
            day(date),
            ...[open, high, low, close, volume, amount],
          ]),
        ).toEqual(
          [...market.truthBars(symbol)].map((bar) => [
            bar.trade_date,
            ...[bar.open, bar.high, bar.low, bar.close, bar.volume, bar.amount].map(Number),
          ]),
        )
        const isNear = rows.map(
          (row, at) => Math.abs(Number(row.turnover) * 100 - Number(percents[at]?.换手率)) < 0.00501,
        )
        expect(isNear).not.toContain(false)
      }
    }))

  test('of weeks and months join those of days', () =>
    withAktools({}, async ({ url }, market) => {
      const symbol = listed(market)[3]?.symbol ?? ''
      const truth = [...market.truthBars(symbol)]
      for (const period of ['weekly', 'monthly']) {
        const rows = await rowsOf(url, 'stock_zh_a_hist', { symbol: symbol.slice(0, 6), period })
        let from = 0
        for (const row of rows) {
          const to = truth.findIndex((bar) => bar.trade_date === day(row.日期)) + 1
          const part = truth.slice(from, to)
          from = to
          expect(row).toMatchObject({
            开盘: Number(part[0]?.open),
            收盘: Number(part.at(-1)?.close),
            最高: Math.max(...part.map((bar) => Number(bar.high))),
            最低: Math.min(...part.map((bar) => Number(bar.low))),
            成交额: part.reduce((sum, bar) => sum + Number(bar.amount), 0),
          })
        }
        expect(from).toBe(truth.length)
        expect(rows.length).toBeLessThan(truth.length / 4)
      }
    }))
})

describe('adjusted bars', () => {
  /** Stocks with at least one ex-date, as their truth shows it. */
  const withExDates = (market: ReplayMarket): string[] =>
    listed(market)
      .map(({ symbol }) => symbol)
      .filter((symbol) => new Set([...market.truthFactors(symbol)].map(({ factor }) => factor)).size > 1)

  test('of East Money go on over ex-dates: the last close before becomes the reference', () =>
    withAktools({}, async ({ url }, market) => {
      const symbols = withExDates(market).slice(0, 15)
      expect(symbols.length).toBe(15)
      for (const symbol of symbols) {
        const raw = [...market.truthBars(symbol)]
        const isExDate = (bar: TruthBar, at: number): boolean =>
          at > 0 && bar.pre_close !== raw[at - 1]?.close
        const [first, last] = [raw.findIndex(isExDate), raw.findLastIndex(isExDate)]
        const query = { symbol: symbol.slice(0, 6) }
        const qfq = await rowsOf(url, 'stock_zh_a_hist', { ...query, adjust: 'qfq' })
        const hfq = await rowsOf(url, 'stock_zh_a_hist', { ...query, adjust: 'hfq' })
        const closes = raw.map((bar) => Number(bar.close))
        expect(qfq.slice(last).map((row) => row.收盘)).toEqual(closes.slice(last))
        expect(hfq.slice(0, first).map((row) => row.收盘)).toEqual(closes.slice(0, first))
        expect(Math.abs(Number(qfq[last - 1]?.收盘) - Number(raw[last]?.pre_close))).toBeLessThan(0.011)
        // A day's change on the later basis, in the shares that one share became.
        const ratio = Number(hfq[first]?.涨跌额) / Number(raw[first]?.change)
        expect(Number.isNaN(ratio) || ratio > 0.9).toBe(true)
      }
    }))

  test('long ago may be negative, since cash is subtracted', () => {
    const bar = { open: 0, high: 0, low: 0, volume: 0, amount: 0 }
    const days = [
      { ...bar, date: '20240102', close: 300, preClose: 300 },
      { ...bar, date: '20240103', close: 1000, preClose: 300 },
      // 0.50 yuan in cash, and 5.00 when the price was ten times as high.
      { ...bar, date: '20240104', close: 950, preClose: 950 },
      { ...bar, date: '20240105', close: 10_000, preClose: 950 },
      { ...bar, date: '20240108', close: 9500, preClose: 9500 },
    ]
    const closes = (adjustment: 'qfq' | 'hfq') => adjust(days, adjustment).map(({ close }) => close)
    expect(closes('qfq')).toEqual([-250, 450, 450, 9500, 9500])
    expect(closes('hfq')).toEqual([300, 1000, 1000, 10_050, 10_050])
  })

  test('of East Money are not those of factors, as Sina makes them', () =>
    withAktools({}, async ({ url }, market) => {
      const symbol = withExDates(market)[0] ?? ''
      const factors = new Map([...market.truthFactors(symbol)].map((row) => [row.trade_date, row.factor]))
      const sina = await rowsOf(url, 'stock_zh_a_daily', { symbol: prefixed(symbol), adjust: 'hfq' })
      const raw = [...market.truthBars(symbol)]
      sina.forEach((row, at) => {
        const product = Number(raw[at]?.close) * Number(factors.get(day(row.date)))
        expect(Math.abs(Number(row.close) - product)).toBeLessThan(0.0051)
      })
      const hist = await rowsOf(url, 'stock_zh_a_hist', { symbol: symbol.slice(0, 6), adjust: 'hfq' })
      expect(hist.map((row) => row.收盘)).not.toEqual(sina.map((row) => row.close))
    }))

  test("Sina's factors have a row for each ex-date, newest first, as text", () =>
    withAktools({}, async ({ url }, market) => {
      const symbol = withExDates(market)[0] ?? ''
      const rows = await rowsOf(url, 'stock_zh_a_daily', { symbol: prefixed(symbol), adjust: 'hfq-factor' })
      const changes = [...market.truthFactors(symbol)].filter(
        ({ factor }, at, all) => factor !== all[at - 1]?.factor,
      )
      expect(rows.map((row) => [day(row.date), Number(row.hfq_factor)])).toEqual([
        ...changes.map(({ trade_date, factor }) => [trade_date, Number(factor)]).reverse(),
        ['1900-01-01', 1],
      ])
      expect(rows[0]?.hfq_factor).toMatch(/^\d+\.\d{16}$/)
    }))
})

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
