import { describe, expect, test } from 'vitest'
import { adjust } from '../../local/replay/aktools/klines.ts'
import type { ReplayMarket } from '../../local/replay/market.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { day, listed, prefixed, rowsOf, withAktools } from './aktools-client.ts'

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
