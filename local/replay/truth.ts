import { decimalText, isoDate } from './decimal.ts'
import type { Instrument, ListStatus, ReplayMarket } from './market.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE } from './series.ts'

/** A bar in canonical units: yuan, shares, percent. Numbers are exact decimal texts without trailing zeros. */
export interface TruthBar {
  readonly symbol: string
  /** `YYYY-MM-DD` */
  readonly trade_date: string
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly pre_close: string
  readonly change: string
  readonly pct_chg: string
  readonly volume: number
  readonly amount: string
}

export interface TruthFactor {
  readonly symbol: string
  readonly trade_date: string
  readonly factor: string
}

export interface TruthSuspension {
  readonly symbol: string
  readonly trade_date: string
  readonly type: 'S' | 'R'
  readonly timing: string | null
}

export interface TruthStock {
  readonly symbol: string
  readonly name: string
  readonly status: ListStatus
  readonly list_date: string | null
  readonly delist_date: string | null
  readonly market: string | null
  readonly exchange: string
}

/** What a complete and correct copy of the market holds, up to today; one code or all, ascending by code and date. */
export interface Truth {
  readonly truthBars: (code?: string) => Generator<TruthBar>
  readonly truthFactors: (code?: string) => Generator<TruthFactor>
  readonly truthSuspensions: (code?: string) => Generator<TruthSuspension>
  readonly truthStocks: () => Generator<TruthStock>
}

type Source = Omit<ReplayMarket, keyof Truth>

const pick = (market: Source, code?: string): readonly Instrument[] => {
  if (code === undefined) return market.instruments
  const found = market.find(code)
  return found === undefined ? [] : [found]
}

function* bars(market: Source, code?: string): Generator<TruthBar> {
  const { sessions } = market.calendar
  for (const instrument of pick(market, code)) {
    const series = market.bars(instrument.id)
    for (let row = 0; row < series.count; row++) {
      const session = series.sessionOf(row)
      if (session > market.lastSession) break
      if (series.rowAt(session) < 0) continue
      yield {
        symbol: instrument.code,
        trade_date: isoDate(sessions[session] ?? ''),
        open: decimalText(series.price(row, OPEN), 2),
        high: decimalText(series.price(row, HIGH), 2),
        low: decimalText(series.price(row, LOW), 2),
        close: decimalText(series.price(row, CLOSE), 2),
        pre_close: decimalText(series.price(row, PRE_CLOSE), 2),
        change: decimalText(series.price(row, CLOSE) - series.price(row, PRE_CLOSE), 2),
        pct_chg: decimalText(series.pctChange(row), 4),
        volume: series.volume(row),
        amount: decimalText(series.amount(row), 0),
      }
    }
  }
}

function* factors(market: Source, code?: string): Generator<TruthFactor> {
  const { sessions } = market.calendar
  for (const instrument of pick(market, code)) {
    const runs = market.factors(instrument.id)
    const last = Math.min(runs.last, market.lastSession)
    for (let session = runs.first; session <= last; session++) {
      const value = runs.at(session)
      if (value === 0) continue
      yield {
        symbol: instrument.code,
        trade_date: isoDate(sessions[session] ?? ''),
        factor: decimalText(value, 4),
      }
    }
  }
}

function* suspensions(market: Source, code?: string): Generator<TruthSuspension> {
  const date = (session: number): string => isoDate(market.calendar.sessions[session] ?? '')
  for (const { id, code: symbol } of pick(market, code)) {
    for (const spell of market.suspensions(id)) {
      for (let session = spell.from; session <= Math.min(spell.to, market.lastSession); session++) {
        yield { symbol, trade_date: date(session), type: 'S', timing: spell.timing }
      }
      const resumed = spell.to + 1
      if (spell.timing === null && spell.resumes && resumed <= market.lastSession) {
        yield { symbol, trade_date: date(resumed), type: 'R', timing: null }
      }
    }
  }
}

function* stocks(market: Source): Generator<TruthStock> {
  for (const { code, name, status, listDate, delistDate, market: board, exchange } of market.instruments) {
    if (status === null) continue
    yield {
      symbol: code,
      name,
      status,
      list_date: listDate === null ? null : isoDate(listDate),
      delist_date: delistDate === null ? null : isoDate(delistDate),
      market: board,
      exchange,
    }
  }
}

/** Adds the truth to a market; getters of the market stay live. */
export const createTruth = (market: Source): Truth => ({
  truthBars: (code) => bars(market, code),
  truthFactors: (code) => factors(market, code),
  truthSuspensions: (code) => suspensions(market, code),
  truthStocks: () => stocks(market),
})
