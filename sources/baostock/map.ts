import { boardOf, exchangeOf, isBShare } from '../../market/symbol.ts'
import type { BarRow, CalendarRow, FactorRow, StockRow, SuspensionRow } from '../contract.ts'
import { checkedBar } from '../rows.ts'
import { dateOf, decimal, decimalText, type Mapped, symbolOf, text } from './cells.ts'
import type { Cells, Columns } from './records.ts'

/*
 * Rows of BaoStock → canonical rows. Its units are ours already: shares, yuan, percent.
 */

// A whole market's table may hold what has the same form and is no A share: B shares, indices (sh.000xxx, sz.399xxx).
const A_SHARE = /^(6\d{5}\.SH|(0\d|3[0-8])\d{4}\.SZ)$/

/** What a day's row of a stock says: that it traded and how, or that it did not. */
export type DayRow = BarRow | SuspensionRow
export const isBar = (row: DayRow): row is BarRow => 'open' in row
export const isSuspension = (row: DayRow): row is SuspensionRow => !isBar(row)

/** A day of a stock. Suspended days have rows too, with the old price and, now and then, the old volume. */
export function mapDay(cells: Cells, at: Columns): Mapped<DayRow> {
  const symbol = symbolOf(cells[at.code ?? -1])
  if (symbol === null) return { reason: 'no valid code' }
  if (!A_SHARE.test(symbol)) return null
  const trade_date = dateOf(cells[at.date ?? -1])
  if (trade_date === null) return { reason: 'no valid date' }
  const status = cells[at.tradestatus ?? -1]
  if (status === '0') return { symbol, trade_date, suspend_type: 'S', suspend_timing: null }
  if (status !== '1') return { reason: 'tradestatus is neither 0 nor 1' }
  const adjusted = cells[at.adjustflag ?? -1]
  if (adjusted === '1' || adjusted === '2') return { reason: 'the prices are adjusted' }
  const bar = traded(cells, at)
  return 'reason' in bar ? bar : { symbol, trade_date, ...bar, is_st: flag(cells[at.isST ?? -1]) }
}

/** A closed week or month of a stock, dated by its last session; there is no reference price in it. */
export function mapPeriod(cells: Cells, at: Columns): Mapped<BarRow> {
  const symbol = symbolOf(cells[at.code ?? -1])
  if (symbol === null) return { reason: 'no valid code' }
  const trade_date = dateOf(cells[at.date ?? -1])
  if (trade_date === null) return { reason: 'no valid date' }
  const bar = traded(cells, at)
  return 'reason' in bar ? bar : { symbol, trade_date, ...bar }
}

type Traded = Omit<BarRow, 'symbol' | 'trade_date' | 'is_st'>

function traded(cells: Cells, at: Columns): Traded | { reason: string } {
  const bar = checkedBar({
    open: decimal(cells[at.open ?? -1]),
    high: decimal(cells[at.high ?? -1]),
    low: decimal(cells[at.low ?? -1]),
    close: decimal(cells[at.close ?? -1]),
    volume: decimalText(cells[at.volume ?? -1]),
    amount: decimalText(cells[at.amount ?? -1]),
  })
  if ('reason' in bar) return bar
  const { open, high, low, close, volume, amount } = bar
  return {
    open,
    high,
    low,
    close,
    pre_close: decimal(cells[at.preclose ?? -1]),
    change: null,
    pct_chg: decimal(cells[at.pctChg ?? -1]),
    volume,
    amount,
  }
}

const flag = (cell: string | undefined): boolean | null => (cell === '1' ? true : cell === '0' ? false : null)

/** The backward factor: it holds from its ex-date on, and is 1 before the first one. */
export function mapFactor(cells: Cells, at: Columns): Mapped<FactorRow> {
  const symbol = symbolOf(cells[at.code ?? -1])
  if (symbol === null) return { reason: 'no valid code' }
  if (!A_SHARE.test(symbol)) return null
  const trade_date = dateOf(cells[at.dividOperateDate ?? -1])
  if (trade_date === null) return { reason: 'no valid dividOperateDate' }
  const factor = decimal(cells[at.backAdjustFactor ?? -1])
  if (factor === null || factor <= 0) return { reason: 'factor is missing or not positive' }
  return { symbol, trade_date, factor }
}

/** Days as they come; see `withPrevious` for the sessions before them. */
export function mapCalendarDay(cells: Cells, at: Columns): Mapped<CalendarRow> {
  const trade_date = dateOf(cells[at.calendar_date ?? -1])
  if (trade_date === null) return { reason: 'no valid calendar_date' }
  const open = cells[at.is_trading_day ?? -1]
  if (open !== '0' && open !== '1') return { reason: 'is_trading_day is neither 0 nor 1' }
  return { exchange: 'SSE', trade_date, is_open: open === '1', previous_trade_date: null }
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
const LIST_STATUS: Readonly<Record<string, 'L' | 'D'>> = { '1': 'L', '0': 'D' }

/** Stocks only: the list holds indices, bonds and funds as well. */
export function mapStock(cells: Cells, at: Columns): Mapped<StockRow> {
  if (cells[at.type ?? -1] !== STOCK) return null
  const symbol = symbolOf(cells[at.code ?? -1])
  if (symbol === null) return { reason: 'no valid code' }
  if (isBShare(symbol)) return null
  const list_status = LIST_STATUS[cells[at.status ?? -1] ?? '']
  if (list_status === undefined) return { reason: 'status is neither 0 nor 1' }
  return {
    symbol,
    name: text(cells[at.code_name ?? -1]),
    area: null,
    industry: null,
    fullname: null,
    enname: null,
    cnspell: null,
    market: null,
    board: boardOf(symbol),
    exchange: exchangeOf(symbol),
    curr_type: null,
    list_status,
    list_date: dateOf(cells[at.ipoDate ?? -1]),
    delist_date: dateOf(cells[at.outDate ?? -1]),
    is_hs: null,
  }
}
