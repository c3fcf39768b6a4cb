import { boardOf, exchangeOf, isBShare } from '../../market/symbol.ts'
import type { BarRow, CalendarRow, FactorRow, StockRow, SuspensionRow } from '../contract.ts'
import { checkedBar, isFactor, NO_FACTOR } from '../rows.ts'
import type { Mapped } from './collect.ts'
import type { Columns, Row } from './table.ts'
import { DATES, dateOf, Memory, symbolOf, textOrNull } from './values.ts'

/*
 * Rows of BaoStock → canonical rows. Its units are ours already: shares, yuan, percent.
 */

// A whole market's table may hold what has the same form and is no A share: B shares, indices (sh.000xxx, sz.399xxx).
const A_SHARE = /^(6\d{5}\.SH|(0\d|3[0-8])\d{4}\.SZ)$/
/** Codes of A shares. */
export const SHARES = new Memory((cell) => {
  const symbol = symbolOf(cell)
  return symbol !== null && A_SHARE.test(symbol) ? symbol : null
})

/** What a day's row of a stock says: that it traded and how, or that it did not. */
export type DayRow = BarRow | SuspensionRow
export const isBar = (row: DayRow): row is BarRow => 'open' in row

/** A day of a stock. Suspended days have rows too, with the old price and, now and then, the old volume. */
export function mapDay(row: Row, at: Columns): Mapped<DayRow> {
  const symbol = row.known(at.code, SHARES)
  if (symbol === null) return noShare(row, at)
  const trade_date = row.known(at.date, DATES)
  if (trade_date === null) return { reason: 'no valid date' }
  if (row.is(at.tradestatus, '0')) return { symbol, trade_date, suspend_type: 'S', suspend_timing: null }
  if (!row.is(at.tradestatus, '1')) return { reason: 'tradestatus is neither 0 nor 1' }
  if (row.is(at.adjustflag, '1') || row.is(at.adjustflag, '2')) return { reason: 'the prices are adjusted' }
  return checkedBar({
    symbol,
    trade_date,
    open: row.decimal(at.open),
    high: row.decimal(at.high),
    low: row.decimal(at.low),
    close: row.decimal(at.close),
    pre_close: row.decimal(at.preclose),
    change: null,
    pct_chg: row.decimal(at.pctChg),
    volume: row.decimalText(at.volume),
    amount: row.decimalText(at.amount),
    is_st: flag(row, at.isST),
  })
}

/** What a row without an A share is: somebody else's, or nobody's. */
const noShare = (row: Row, at: Columns): { reason: string } | null =>
  symbolOf(row.text(at.code)) === null ? { reason: 'no valid code' } : null

/** A closed week or month of a stock, dated by its last session; there is no reference price in it. */
export function mapPeriod(row: Row, at: Columns): Mapped<BarRow> {
  const symbol = symbolOf(row.text(at.code))
  if (symbol === null) return { reason: 'no valid code' }
  const trade_date = row.known(at.date, DATES)
  if (trade_date === null) return { reason: 'no valid date' }
  return checkedBar({
    symbol,
    trade_date,
    open: row.decimal(at.open),
    high: row.decimal(at.high),
    low: row.decimal(at.low),
    close: row.decimal(at.close),
    pre_close: row.decimal(at.preclose),
    change: null,
    pct_chg: row.decimal(at.pctChg),
    volume: row.decimalText(at.volume),
    amount: row.decimalText(at.amount),
  })
}

const flag = (row: Row, column: number | undefined): boolean | null =>
  row.is(column, '1') ? true : row.is(column, '0') ? false : null

/** The backward factor: it holds from its ex-date on, and is 1 before the first one. */
export function mapFactor(row: Row, at: Columns): Mapped<FactorRow> {
  const symbol = row.known(at.code, SHARES)
  if (symbol === null) return noShare(row, at)
  const trade_date = row.known(at.dividOperateDate, DATES)
  if (trade_date === null) return { reason: 'no valid dividOperateDate' }
  const factor = row.decimal(at.backAdjustFactor)
  if (!isFactor(factor)) return NO_FACTOR
  return { symbol, trade_date, factor }
}

/** Days as they come; see `withPrevious` for the sessions before them. */
export function mapCalendarDay(row: Row, at: Columns): Mapped<CalendarRow> {
  const trade_date = row.known(at.calendar_date, DATES)
  if (trade_date === null) return { reason: 'no valid calendar_date' }
  const is_open = flag(row, at.is_trading_day)
  if (is_open === null) return { reason: 'is_trading_day is neither 0 nor 1' }
  return { exchange: 'SSE', trade_date, is_open, previous_trade_date: null }
}

/** Each day with the last session before it; null where the days begin later than that. */
export function withPrevious(days: readonly CalendarRow[]): CalendarRow[] {
  let previous: string | null = null
  return days.map((day) => {
    const row = { ...day, previous_trade_date: previous }
    if (day.is_open) previous = day.trade_date
    return row
  })
}

const STOCK = '1'

/** Stocks only: the list holds indices, bonds and funds as well. */
export function mapStock(row: Row, at: Columns): Mapped<StockRow> {
  if (!row.is(at.type, STOCK)) return null
  const symbol = symbolOf(row.text(at.code))
  if (symbol === null) return { reason: 'no valid code' }
  if (isBShare(symbol)) return null
  const isListed = flag(row, at.status)
  if (isListed === null) return { reason: 'status is neither 0 nor 1' }
  return {
    symbol,
    name: textOrNull(row.text(at.code_name)),
    area: null,
    industry: null,
    fullname: null,
    enname: null,
    cnspell: null,
    market: null,
    board: boardOf(symbol),
    exchange: exchangeOf(symbol),
    curr_type: null,
    list_status: isListed ? 'L' : 'D',
    list_date: dateOf(row.text(at.ipoDate)),
    delist_date: dateOf(row.text(at.outDate)),
    is_hs: null,
  }
}
