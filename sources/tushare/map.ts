import { fromCompact } from '../../market/date.ts'
import { boardOf, exchangeOf, isBShare, isSymbol, type Board, type Exchange } from '../../market/symbol.ts'
import { LOT_TO_SHARES, shiftDecimal, THOUSAND_TO_ONE } from '../../market/units.ts'
import type {
  BarRow,
  CalendarRow,
  CodeChangeRow,
  FactorRow,
  RejectedRow,
  StockRow,
  SuspensionRow,
} from '../contract.ts'
import { rawOf } from '../raw.ts'
import { checkedBar, isFactor, NO_FACTOR } from '../rows.ts'

/*
 * Rows of Tushare → canonical rows. Every mapper gives a row, a reason why it cannot be one, or null for what is outside
 * the universe. Cells are read by the position of their name in the answer.
 */

export type Cells = readonly unknown[]
export type Columns = Readonly<Record<string, number>>
export type Mapped<T> = T | { reason: string } | null

/** A text; null where it is empty. */
export const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null
/** A number as it is served, in the unit of its column. */
export const decimal = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

// The same few thousand dates come in millions of rows.
const DATES = new Map<string, string | null>()

/** `20240102` → `2024-01-02`; null for what is no day. */
export function dateOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  let date = DATES.get(value)
  if (date === undefined) {
    date = fromCompact(value)
    if (DATES.size < 50_000) DATES.set(value, date)
  }
  return date
}

/** A shares and CDRs; B shares are left out without being counted as refused. */
export const inUniverse = (symbol: string) => !isBShare(symbol)

/** A row of `daily`: yuan as served, lots → shares, thousand yuan → yuan. */
export function mapBar(cells: Cells, at: Columns): Mapped<BarRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const trade_date = dateOf(cells[at.trade_date ?? -1])
  if (trade_date === null) return { reason: 'no valid trade_date' }
  const vol = decimal(cells[at.vol ?? -1])
  const amount = decimal(cells[at.amount ?? -1])
  return checkedBar({
    symbol,
    trade_date,
    open: decimal(cells[at.open ?? -1]),
    high: decimal(cells[at.high ?? -1]),
    low: decimal(cells[at.low ?? -1]),
    close: decimal(cells[at.close ?? -1]),
    pre_close: decimal(cells[at.pre_close ?? -1]),
    change: decimal(cells[at.change ?? -1]),
    pct_chg: decimal(cells[at.pct_chg ?? -1]),
    volume: vol === null ? null : shiftDecimal(vol, LOT_TO_SHARES),
    amount: amount === null ? null : shiftDecimal(amount, THOUSAND_TO_ONE),
  })
}

/** A row of `adj_factor`: cumulative since the listing. */
export function mapFactor(cells: Cells, at: Columns): Mapped<FactorRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const trade_date = dateOf(cells[at.trade_date ?? -1])
  if (trade_date === null) return { reason: 'no valid trade_date' }
  const factor = decimal(cells[at.adj_factor ?? -1])
  if (!isFactor(factor)) return NO_FACTOR
  return { symbol, trade_date, factor }
}

/** A row of `suspend_d`. */
export function mapSuspension(cells: Cells, at: Columns): Mapped<SuspensionRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const trade_date = dateOf(cells[at.trade_date ?? -1])
  if (trade_date === null) return { reason: 'no valid trade_date' }
  const suspend_type = text(cells[at.suspend_type ?? -1])
  if (suspend_type !== 'S' && suspend_type !== 'R') return { reason: 'suspend_type is neither S nor R' }
  return { symbol, trade_date, suspend_type, suspend_timing: text(cells[at.suspend_timing ?? -1]) }
}

/** A row of `trade_cal`, which is asked for of Shanghai: all exchanges keep the same days. */
export function mapCalendarDay(cells: Cells, at: Columns): Mapped<CalendarRow> {
  const trade_date = dateOf(cells[at.cal_date ?? -1])
  const open = cells[at.is_open ?? -1]
  if (trade_date === null) return { reason: 'no valid cal_date' }
  if (open !== 0 && open !== 1 && open !== '0' && open !== '1')
    return { reason: 'is_open is neither 0 nor 1' }
  return {
    exchange: 'SSE',
    trade_date,
    is_open: Number(open) === 1,
    previous_trade_date: dateOf(cells[at.pretrade_date ?? -1]),
  }
}

const BOARD_OF_MARKET: Readonly<Record<string, Board>> = {
  主板: 'main',
  中小板: 'main',
  创业板: 'chinext',
  科创板: 'star',
  CDR: 'cdr',
  北交所: 'bse',
}
const EXCHANGES: readonly string[] = ['SSE', 'SZSE', 'BSE']

/** A row of `stock_basic`. @param status the `list_status` that was asked for, where the row has none */
export function mapStock(cells: Cells, at: Columns, status: 'L' | 'D' | 'P'): Mapped<StockRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const market = text(cells[at.market ?? -1])
  const exchange = text(cells[at.exchange ?? -1])
  const listed = text(cells[at.list_status ?? -1])
  return {
    symbol,
    name: text(cells[at.name ?? -1]),
    area: text(cells[at.area ?? -1]),
    industry: text(cells[at.industry ?? -1]),
    fullname: text(cells[at.fullname ?? -1]),
    enname: text(cells[at.enname ?? -1]),
    cnspell: text(cells[at.cnspell ?? -1]),
    market,
    board: (market === null ? undefined : BOARD_OF_MARKET[market]) ?? boardOf(symbol),
    exchange: exchange !== null && EXCHANGES.includes(exchange) ? (exchange as Exchange) : exchangeOf(symbol),
    curr_type: text(cells[at.curr_type ?? -1]),
    list_status: listed === 'L' || listed === 'D' || listed === 'P' ? listed : status,
    list_date: dateOf(cells[at.list_date ?? -1]),
    delist_date: dateOf(cells[at.delist_date ?? -1]),
    is_hs: text(cells[at.is_hs ?? -1]),
  }
}

/** A row of `bse_mapping`: the code of a Beijing stock before and after it was renumbered. */
export function mapCodeChange(cells: Cells, at: Columns): Mapped<CodeChangeRow> {
  const old_symbol = text(cells[at.o_code ?? -1])
  const new_symbol = text(cells[at.n_code ?? -1])
  if (old_symbol === null || new_symbol === null || !isSymbol(old_symbol) || !isSymbol(new_symbol))
    return { reason: 'no valid pair of codes' }
  // The two become one stock for ever, with all that either has.
  if (exchangeOf(old_symbol) !== 'BSE' || exchangeOf(new_symbol) !== 'BSE')
    return { reason: 'no pair of codes of Beijing' }
  return {
    old_symbol,
    new_symbol,
    name: text(cells[at.name ?? -1]),
    list_date: dateOf(cells[at.list_date ?? -1]),
  }
}

/** Collects what a mapper gives; rejected rows keep the upstream's own text. */
export function collect<T extends object>(
  items: readonly Cells[],
  at: Columns,
  map: (cells: Cells, at: Columns) => Mapped<T>,
  rejected: RejectedRow[],
): T[] {
  const rows: T[] = []
  for (const cells of items) {
    const mapped = map(cells, at)
    if (mapped === null) continue
    if ('reason' in mapped) {
      const symbol = text(cells[at.ts_code ?? -1])
      rejected.push({
        symbol: symbol !== null && isSymbol(symbol) ? symbol : null,
        trade_date: dateOf(cells[at.trade_date ?? at.cal_date ?? -1]),
        reason: mapped.reason,
        raw: rawOf(cells),
      })
    } else rows.push(mapped)
  }
  return rows
}
