import type { BarPatch, ReplayMarket } from './market.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE } from './series.ts'

type Correctable = Pick<ReplayMarket, 'find' | 'bars' | 'calendar'>

/** Writes new values into a bar that exists; throws when there is none on that date (`YYYYMMDD`). */
export const correctBar = (market: Correctable, code: string, date: string, patch: BarPatch): void => {
  const instrument = market.find(code)
  const series = instrument === undefined ? undefined : market.bars(instrument.id)
  const row = series?.rowAt(market.calendar.indexOf(date)) ?? -1
  if (series === undefined || row < 0) throw new Error(`${code} has no bar on ${date}`)
  series.set(row, {
    open: series.price(row, OPEN),
    high: series.price(row, HIGH),
    low: series.price(row, LOW),
    close: series.price(row, CLOSE),
    preClose: series.price(row, PRE_CLOSE),
    volume: series.volume(row),
    amount: series.amount(row),
    ...patch,
  })
  if (series.pct !== null) series.pct[row] = series.pctFromPrices(row)
}
