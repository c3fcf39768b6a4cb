import type { Instrument, ReplayMarket } from '../market.ts'
import { sharesOf } from '../shares.ts'
import { factorEvents } from './factors.ts'
import type { FactorEvents } from './factors.ts'

/** A stock as this upstream knows it. */
export interface Stock {
  /** `sh.600000` */
  readonly code: string
  readonly instrument: Instrument
}

/** What follows from the market as it stands today; a new one whenever today has moved. */
export interface Universe {
  /** Stocks of Shanghai and Shenzhen, ascending by `code`. */
  readonly stocks: readonly Stock[]
  readonly find: (code: string) => Stock | undefined
  readonly eventsOf: (id: number) => FactorEvents
  /** `1` under special treatment on the date (`YYYYMMDD`), `0` if not, empty where nobody recorded names. */
  readonly specialOn: (id: number, date: string) => '' | '0' | '1'
  /** Floating shares, null where nobody recorded them. */
  readonly floatingOf: (id: number) => number | null
}

// No Beijing, and none of the old codes with letters.
const COVERED = /^\d{6}\.(SH|SZ)$/

const codeOf = ({ code }: Instrument): string => `${code.slice(7).toLowerCase()}.${code.slice(0, 6)}`

/** Remembers a function's value by instrument. */
const remember = <T>(compute: (id: number) => T): ((id: number) => T) => {
  const known: (T | undefined)[] = []
  return (id) => (known[id] ??= compute(id))
}

const isSpecial = (name: string): boolean => name.includes('ST')

const createUniverse = (market: ReplayMarket): Universe => {
  const stocks = market.instruments
    .filter(({ code, status }) => status !== null && COVERED.test(code))
    .map((instrument) => ({ code: codeOf(instrument), instrument }))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
  const byCode = new Map(stocks.map((stock) => [stock.code, stock]))
  const spells = remember((id) => market.names(id).filter(({ name }) => isSpecial(name)))
  const shares = remember((id) => ({ floating: sharesOf(market.bars(id))?.floating ?? null }))
  return {
    stocks,
    find: (code) => byCode.get(code),
    eventsOf: remember((id) => factorEvents(market, id)),
    specialOn: (id, date) => {
      if (!market.offers.nameChanges) return ''
      const found = spells(id).some((spell) => spell.from <= date && (spell.to === null || date <= spell.to))
      return found ? '1' : '0'
    },
    floatingOf: (id) => shares(id).floating,
  }
}

/** Keeps the universe up to date: a market has a new list whenever its today has moved. */
export const createUniverses = (market: ReplayMarket): (() => Universe) => {
  let list = market.instruments
  let universe = createUniverse(market)
  return () => {
    if (market.instruments !== list) {
      list = market.instruments
      universe = createUniverse(market)
    }
    return universe
  }
}
