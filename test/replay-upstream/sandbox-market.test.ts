import { describe, expect, test } from 'vitest'
import { toCompact } from '../../market/date.ts'
import { parseFixed } from '../../local/replay/decimal.ts'
import type { Instrument, ReplayMarket } from '../../local/replay/market.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import type { TruthBar } from '../../local/replay/truth.ts'
import { limits, nameOn } from './market-rules.ts'

const MARKETS: [string, ReplayMarket][] = [
  ['the default market', createSandboxMarket()],
  ['a small market over all years', createSandboxMarket({ stocks: 80, years: 35 })],
]

const cents = (text: string): number => parseFixed(text, 2)

/** What is wrong with a bar by itself; empty when nothing is. */
const faultsOf = (bar: TruthBar): string[] => {
  const [open, high, low, close, pre] = [bar.open, bar.high, bar.low, bar.close, bar.pre_close].map(
    Number,
  ) as [number, number, number, number, number]
  const average = Number(bar.amount) / bar.volume
  const checks: Record<string, boolean> = {
    change: cents(bar.change) === cents(bar.close) - cents(bar.pre_close),
    pct: Math.abs(Number(bar.pct_chg) - ((close - pre) / pre) * 100) < 0.000051,
    low: low > 0 && low <= Math.min(open, close),
    high: high >= Math.max(open, close),
    unit: low * 0.98 <= average && average <= high * 1.02,
    volume: Number.isSafeInteger(bar.volume) && bar.volume > 0,
    amount: /^\d+$/.test(bar.amount),
  }
  return Object.entries(checks)
    .filter(([, ok]) => !ok)
    .map(([name]) => `${bar.symbol} ${bar.trade_date} ${name}`)
}

/** Sessions of a stock's listed life up to today. */
const life = (market: ReplayMarket, stock: Instrument): string[] =>
  market.calendar.sessions
    .slice(0, market.lastSession + 1)
    .filter(
      (date) => date >= (stock.listDate ?? '') && (stock.delistDate === null || date < stock.delistDate),
    )

const datesOf = (rows: Iterable<{ trade_date: string }>): string[] =>
  [...rows].map((row) => toCompact(row.trade_date))

describe.each(MARKETS)('%s', (_, market) => {
  test('has only sound bars', () => {
    const wrong: string[] = []
    let count = 0
    for (const bar of market.truthBars()) {
      count += 1
      wrong.push(...faultsOf(bar))
    }
    expect(wrong.slice(0, 10)).toEqual([])
    expect(count).toBeGreaterThan(100_000)
  })

  test('has a bar exactly on the sessions of a life that are not suspended, and a factor on all of them', () => {
    for (const stock of market.instruments) {
      const sessions = life(market, stock)
      const spells = [...market.truthSuspensions(stock.code)].filter((row) => row.type === 'S')
      const off = new Set(datesOf(spells.filter((row) => row.timing === null)))
      const bars = datesOf(market.truthBars(stock.code))
      expect(bars).toEqual(sessions.filter((date) => !off.has(date)))
      expect(datesOf(market.truthFactors(stock.code))).toEqual(sessions)
      const halts = spells.filter((row) => row.timing !== null)
      expect(datesOf(halts).every((date) => bars.includes(date))).toBe(true)
    }
  })

  test('steps its factors by previous close / pre_close, also across suspensions', () => {
    const wrong: string[] = []
    for (const { code } of market.instruments) {
      const factors = new Map(
        [...market.truthFactors(code)].map((row) => [row.trade_date, Number(row.factor)]),
      )
      let before: TruthBar | undefined
      for (const bar of market.truthBars(code)) {
        if (before !== undefined) {
          const [from, to] = [factors.get(before.trade_date) ?? 0, factors.get(bar.trade_date) ?? 0]
          const step = Number(before.close) / Number(bar.pre_close)
          if (Math.abs(to / from - step) > (0.0001 * step) / from + 1e-9)
            wrong.push(`${code} ${bar.trade_date}`)
        }
        before = bar
      }
    }
    expect(wrong).toEqual([])
  })

  test('keeps every price inside the limits of its board, day and name', () => {
    const wrong: string[] = []
    for (const stock of market.instruments) {
      const first = market.calendar.indexOf(stock.listDate ?? '')
      for (const bar of market.truthBars(stock.code)) {
        const date = toCompact(bar.trade_date)
        const name = nameOn(market, stock, date)
        const allowed = limits(stock, date, market.calendar.indexOf(date) - first, name, cents(bar.pre_close))
        if (allowed === undefined) continue
        if (cents(bar.high) > allowed[0] || cents(bar.low) < allowed[1])
          wrong.push(`${bar.symbol} ${date} ${name}`)
      }
    }
    expect(wrong.slice(0, 10)).toEqual([])
  })

  test('marks the resumption after a whole-day suspension with R, on a day with a bar', () => {
    const resumed = [...market.truthSuspensions()].filter((row) => row.type === 'R')
    expect(resumed.length).toBeGreaterThan(20)
    for (const { symbol, trade_date } of resumed.slice(0, 50)) {
      const stock = market.find(symbol)
      expect(
        market.bars(stock?.id ?? -1).rowAt(market.calendar.indexOf(toCompact(trade_date))),
      ).toBeGreaterThanOrEqual(0)
    }
  })
})
