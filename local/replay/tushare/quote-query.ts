import type { Instrument, ReplayMarket } from '../market.ts'
import type { Params } from './api.ts'

/** Which instruments and sessions a quote call is about; sessions are indices, both ends included. */
export interface QuoteQuery {
  readonly instruments: readonly Instrument[]
  readonly from: number
  readonly to: number
}

const DATE = /^\d{8}$/

const pickInstruments = (market: ReplayMarket, codes: string | undefined): readonly Instrument[] => {
  if (codes === undefined) return market.instruments
  const wanted = new Set(codes.split(',').map((code) => code.trim()))
  return [...wanted].map((code) => market.find(code)).filter((found) => found !== undefined)
}

/** Reads ts_code (a list), trade_date, start_date and end_date. Undefined when a date is malformed: no rows then. */
export const readQuoteQuery = (market: ReplayMarket, params: Params): QuoteQuery | undefined => {
  const { ts_code: codes, trade_date: date, start_date: start, end_date: end } = params
  if ([date, start, end].some((text) => text !== undefined && !DATE.test(text))) return undefined
  const { calendar } = market
  let from = start === undefined ? 0 : calendar.atOrAfter(start)
  let to = end === undefined ? market.lastSession : Math.min(market.lastSession, calendar.atOrBefore(end))
  if (date !== undefined) {
    const session = calendar.indexOf(date)
    if (session < from || session > to) return undefined
    from = to = session
  }
  return { instruments: pickInstruments(market, codes), from, to }
}

/**
 * Calls `visit` newest session first, within a session in the order of the instruments; stops when it says false.
 * `lives` are the first and last sessions of each instrument, so that long lists over long ranges skip quickly.
 */
export const visitNewestFirst = (
  query: QuoteQuery,
  lives: readonly { readonly first: number; readonly last: number }[],
  visit: (index: number, session: number) => boolean,
): void => {
  const to = lives.reduce((latest, life) => Math.max(latest, life.last), -1)
  const from = lives.reduce((earliest, life) => Math.min(earliest, life.first), Infinity)
  for (let session = Math.min(query.to, to); session >= Math.max(query.from, from); session--) {
    for (let index = 0; index < lives.length; index++) {
      const life = lives[index]
      if (life === undefined || session < life.first || session > life.last) continue
      if (!visit(index, session)) return
    }
  }
}
