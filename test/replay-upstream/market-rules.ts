import type { Instrument, ReplayMarket } from '../../local/replay/market.ts'

// The rules of the market, written down a second time from docs and on purpose not shared with the sandbox.

const firstFree = (market: string | null, listDate: string): number => {
  if (market === '北交所') return 1
  if (market === '科创板' || market === 'CDR') return 5
  return listDate >= (market === '创业板' ? '20200824' : '20230410') ? 5 : 1
}

/** Upper and lower limit in 0.01 yuan, or undefined on a day without. `age` counts sessions since listing. */
export const limits = (
  stock: Instrument,
  date: string,
  age: number,
  name: string,
  pre: number,
): readonly [up: number, down: number] | undefined => {
  if (date < '19961216') return undefined
  const listed = stock.listDate ?? ''
  const old = stock.market === '主板' || stock.market === '创业板'
  if (age < firstFree(stock.market, listed)) {
    if (!old || firstFree(stock.market, listed) === 5 || listed < '20140101') return undefined
    return [Math.round(pre * 1.44 + 1e-9), Math.round(pre * 0.64 + 1e-9)]
  }
  let percent = name.includes('ST') ? 5 : 10
  if (stock.market === '北交所') percent = 30
  else if (!old || (stock.market === '创业板' && date >= '20200824')) percent = 20
  return [Math.round((pre * (100 + percent)) / 100), Math.round((pre * (100 - percent)) / 100)]
}

/** The name that a stock had on a date. */
export const nameOn = (market: ReplayMarket, stock: Instrument, date: string): string =>
  market.names(stock.id).findLast((spell) => spell.from <= date)?.name ?? stock.name
