import { AKSHARE_READY_TIME } from '../../market/akshare.ts'
import { addDays, shanghaiClock, type TradeDate } from '../../market/date.ts'
import { isBShare, parseSymbol } from '../../market/symbol.ts'
import { LOT_TO_SHARES, passesUnitGuard, plainDecimal, shiftDecimal } from '../../market/units.ts'
import type { BarRow, RejectedRow } from '../contract.ts'
import { rawOf } from '../raw.ts'
import { orderedBar } from '../rows.ts'
import { drift } from './columns.ts'
import type { AkshareFunction } from './functions.ts'
import { codeOf, dateOf, numberOf, type Row } from './values.ts'

/*
 * Rows of East Money → canonical bars. A mapper gives a row, a reason why it cannot be one, or null for what is no row of
 * ours at all.
 */

export type Mapped<T> = T | { reason: string } | null

// No day of this market has ever moved so far; a column in another unit has, on every day.
const WIDEST_DAY = 20

// A unit is off by ten at least. Less is a row of few lots, which the site rounds, or one of adjusted prices.
const GROSS = 3
const WRONG_UNIT = 'amount / volume is far outside the range of prices: wrong unit'

/** The columns that the history and the snapshot call differently. */
const HISTORY = { open: '开盘', high: '最高', low: '最低', close: '收盘' } as const
const SNAPSHOT = { open: '今开', high: '最高', low: '最低', close: '最新价' } as const

/** A bar of `stock_zh_a_hist`. The answer is of one stock; its name stands in every row. */
export function mapHistoryBar(row: Row, asked: string): Mapped<BarRow> {
  const trade_date = dateOf(row.日期)
  if (trade_date === null) return { reason: 'no valid date' }
  if (codeOf(row.股票代码) !== asked.slice(0, 6)) return { reason: 'not part of what was asked' }
  // The reference price is not served, and a close less its change would only repeat rounding.
  return barOf(row, HISTORY, { symbol: asked, trade_date, pre_close: null })
}

/** A bar of `stock_zh_a_spot_em`, which says no date; null for what did not trade. */
export function mapSnapshotBar(row: Row, trade_date: TradeDate): Mapped<BarRow> {
  const code = codeOf(row.代码)
  const symbol = code === null ? null : parseSymbol(code)
  if (symbol === null) return { reason: 'no valid code' }
  if (isBShare(symbol) || isUntraded(row)) return null
  return barOf(row, SNAPSHOT, { symbol, trade_date, pre_close: numberOf(row.昨收) })
}

/** Suspended that day, or a delisted name with empty quotes: there is a previous close at most. */
const isUntraded = (row: Row): boolean =>
  ['今开', '最高', '最低', '成交量', '成交额'].every((column) => row[column] === null || row[column] === 0)

function barOf(
  row: Row,
  columns: typeof HISTORY | typeof SNAPSHOT,
  of: { symbol: string; trade_date: TradeDate; pre_close: number | null },
): Mapped<BarRow> {
  const lots = numberOf(row.成交量)
  const amount = numberOf(row.成交额)
  const bar = orderedBar({
    open: numberOf(row[columns.open]),
    high: numberOf(row[columns.high]),
    low: numberOf(row[columns.low]),
    close: numberOf(row[columns.close]),
    volume: lots === null ? null : shiftDecimal(lots, LOT_TO_SHARES),
    amount: amount === null ? null : plainDecimal(amount),
  })
  if ('reason' in bar) return bar
  const problem = unitProblem(bar)
  if (problem) return problem
  const { close } = bar
  const move = { close, change: numberOf(row.涨跌额), pct_chg: numberOf(row.涨跌幅), pre_close: of.pre_close }
  const { change, pct_chg, pre_close } = contradicts(move) ? NO_MOVE : move
  return { symbol: of.symbol, trade_date: of.trade_date, ...bar, pre_close, change, pct_chg }
}

function unitProblem(bar: { low: number; high: number; volume: string; amount: string }): {
  reason: string
} | null {
  const { low, high } = bar
  if (high > low * WIDEST_DAY) return { reason: 'high and low are too far apart: wrong unit' }
  const traded = { volume: Number(bar.volume), amount: Number(bar.amount) }
  if (!passesUnitGuard({ ...traded, low: low / GROSS, high: high * GROSS })) return { reason: WRONG_UNIT }
  if (!passesUnitGuard({ ...traded, low, high }))
    return { reason: 'amount / volume is outside the range of prices' }
  return null
}

interface Move {
  close: number
  change: number | null
  pct_chg: number | null
  pre_close: number | null
}

const NO_MOVE = { change: null, pct_chg: null, pre_close: null }

/**
 * Change, per cent and previous close describe one move: where they do not, none of them can be told to be right. Each
 * is rounded to 0.01.
 */
export function contradicts({ close, change, pct_chg, pre_close }: Move): boolean {
  if (change !== null && pre_close !== null && Math.abs(close - change - pre_close) > 0.011) return true
  if (change === null || pct_chg === null) return false
  const before = close - change
  if (!(before > 0)) return true
  return Math.abs(pct_chg - (change / before) * 100) > 0.011 + 1 / before
}

/** A move that shows something: a stock that stood still agrees with everything. */
export const hasMoved = ({ change, pct_chg }: { change: number | null; pct_chg: number | null }): boolean =>
  (change !== null && change !== 0) || (pct_chg !== null && pct_chg !== 0)

/** What came of an answer's rows. */
export interface Collected<T> {
  rows: T[]
  rejected: RejectedRow[]
}

/** Refused rows keep the upstream's own text. */
export function collect<T extends object>(
  items: readonly Row[],
  map: (row: Row) => Mapped<T>,
  keyOf: (row: Row) => Pick<RejectedRow, 'symbol' | 'trade_date'>,
): Collected<T> {
  const rows: T[] = []
  const rejected: RejectedRow[] = []
  for (const item of items) {
    const mapped = map(item)
    if (mapped === null) continue
    if ('reason' in mapped) rejected.push({ ...keyOf(item), reason: mapped.reason, raw: rawOf(item) })
    else rows.push(mapped)
  }
  return { rows, rejected }
}

// One odd row is a row; nearly all of them are a column that changed its meaning.
const NEARLY_ALL = 0.9
// Of fewer rows only a gross unit tells one from the other.
const FEW = 3

/** @throws SourceError SchemaDrift when nearly all rows of an answer were refused: none of it is taken then */
export function refuseDrift(
  name: AkshareFunction,
  items: readonly Row[],
  collected: Collected<object>,
): void {
  const { rows, rejected } = collected
  const whole = rows.length + rejected.length
  if (rejected.length === 0 || rejected.length < whole * NEARLY_ALL) return
  if (whole < FEW && rejected.some(({ reason }) => reason !== WRONG_UNIT)) return
  const counts = new Map<string, number>()
  for (const { reason } of rejected) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const [reason = ''] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  throw drift(name, `${rejected.length} of ${whole} rows cannot be true: ${reason}`, items)
}

/** The last day whose session is over and whose bars are final: a bar of a running session looks like any other. */
export function newestFinal(now: Date): TradeDate {
  const { date, time } = shanghaiClock(now)
  return time >= AKSHARE_READY_TIME ? date : addDays(date, -1)
}
