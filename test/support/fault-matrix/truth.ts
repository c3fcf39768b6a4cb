import type { ReplayMarket } from '../../../local/replay/market.ts'
import type { RunParams } from '../../../market/run-params.ts'

/**
 * What a run is about: `stocks` some stocks over two months, `many` more of them than a source has in hand at once,
 * `market` all stocks on their newest session.
 */
export type Scope = 'stocks' | 'many' | 'market'

interface Cell {
  symbol: string
  date: string
}

/** A bar as the market knows it; `key` is symbol and date, `600000.SH 2026-11-20`. */
export interface TruthBar extends Cell {
  key: string
  prices: string
  volume: number
  amount: number
}

export interface Truth {
  /** Of every bar of the market, by key. */
  bars: ReadonlyMap<string, TruthBar>
  paramsOf(scope: Scope): RunParams
  /** The bars that a run has to bring. */
  wantedOf(scope: Scope): readonly TruthBar[]
}

// A day without trading among them, a board of each exchange.
const STOCKS = ['000001.SZ', '300001.SZ', '600000.SH', '920001.BJ']
const MANY = 12
// Only Tushare's list has it: whether others bring it, too, is not what is looked at.
const TUSHARES_OWN = 'T00018.SH'
const FROM = '2026-09-21'
const NEWEST = '2026-11-20'

/** All that the upstreams of a market have to say about its bars. */
export function truthOf(market: ReplayMarket): Truth {
  const bars = new Map<string, TruthBar>()
  for (const bar of market.truthBars()) {
    const { symbol, trade_date: date, volume } = bar
    const key = `${symbol} ${date}`
    const prices = [bar.open, bar.high, bar.low, bar.close].join(' ')
    bars.set(key, { key, symbol, date, volume, amount: Number(bar.amount), prices })
  }
  const traded = new Set([...bars.values()].flatMap(({ symbol, date }) => (date >= FROM ? [symbol] : [])))
  const others = [...traded].filter((symbol) => !STOCKS.includes(symbol) && symbol !== TUSHARES_OWN)
  const symbols = { stocks: STOCKS, many: [...STOCKS, ...others].slice(0, MANY) }
  const isWanted = (scope: Scope, { symbol, date }: Cell): boolean =>
    scope === 'market'
      ? symbol !== TUSHARES_OWN && date === NEWEST
      : symbols[scope].includes(symbol) && date >= FROM
  return {
    bars,
    paramsOf: (scope) =>
      scope === 'market'
        ? { start_date: NEWEST, end_date: NEWEST }
        : { symbols: symbols[scope], start_date: FROM, end_date: NEWEST },
    wantedOf: (scope) => [...bars.values()].filter((bar) => isWanted(scope, bar)),
  }
}
