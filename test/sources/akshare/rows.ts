import { addDays } from '../../../market/date.ts'
import type { Row } from '../../../sources/akshare/values.ts'

/*
 * Answers as AKShare 1.19.5 gives them, with all columns in its order. Prices are whole cents, so that every relation
 * between columns holds as it does on the site.
 */

const cents = (value: number): number => Math.round(value) / 100

/** One quote around a price: open, close, high, low, lots, amount, change and per cent agree with each other. */
function quote(beforeCents: number, moveCents: number, lots: number) {
  const close = beforeCents + moveCents
  const open = beforeCents + Math.round(moveCents / 2)
  const high = Math.max(open, close) + 3
  const low = Math.min(open, close) - 2
  return {
    open: cents(open),
    close: cents(close),
    high: cents(high),
    low: cents(low),
    lots,
    // Lots of 100 at prices in cents: the middle of the day's range.
    amount: Math.round(lots * (open + close)) / 2,
    change: cents(moveCents),
    percent: Math.round((moveCents / beforeCents) * 10_000) / 100,
    before: cents(beforeCents),
  }
}

/** Moves of a walk that never stands still. */
const move = (i: number): number => [7, -4, 11, -9, 3, 5, -6][i % 7] ?? 1

/** `stock_zh_a_hist` of a stock: the weekdays up to `last`, ascending. */
export function history(days: number, last: string, code = '600519'): Row[] {
  const dates: string[] = []
  for (let day = last; dates.length < days; day = addDays(day, -1))
    if (new Date(`${day}T00:00:00Z`).getUTCDay() % 6 !== 0) dates.unshift(day)
  let before = 1_000
  return dates.map((day, i) => {
    const q = quote(before, move(i), 12_345 + i)
    before += move(i)
    return {
      日期: `${day}T00:00:00.000`,
      股票代码: code,
      开盘: q.open,
      收盘: q.close,
      最高: q.high,
      最低: q.low,
      成交量: q.lots,
      成交额: q.amount,
      振幅: 1.2,
      涨跌幅: q.percent,
      涨跌额: q.change,
      换手率: 0.4,
    }
  })
}

/** One row of `stock_zh_a_spot_em`; the first stock trades most. */
export function spotRow(i: number, differs: Row = {}): Row {
  const q = quote(3_000 - i, move(i), i === 0 ? 1_800_000 : 900_000 - i)
  return {
    序号: i + 1,
    代码: String(600_000 + i),
    名称: `股票${i}`,
    最新价: q.close,
    涨跌幅: q.percent,
    涨跌额: q.change,
    成交量: q.lots,
    成交额: q.amount,
    振幅: 1.1,
    最高: q.high,
    最低: q.low,
    今开: q.open,
    昨收: q.before,
    量比: 1,
    换手率: 0.5,
    '市盈率-动态': 12.3,
    市净率: 1.2,
    // Half a per cent of the floating shares was traded.
    总市值: q.amount * 250,
    流通市值: q.amount * 200,
    涨速: 0,
    '5分钟涨跌': 0,
    '60日涨跌幅': 3.4,
    年初至今涨跌幅: 5.6,
    ...differs,
  }
}

export const snapshot = (stocks: number): Row[] => Array.from({ length: stocks }, (_, i) => spotRow(i))

/** What a stock that did not trade looks like in the snapshot. */
export const SUSPENDED: Row = {
  最新价: null,
  涨跌幅: null,
  涨跌额: null,
  成交量: null,
  成交额: null,
  最高: null,
  最低: null,
  今开: null,
}

/** The day of a stock of the snapshot in its history. */
export function historyOf(row: Row | undefined, day: string): Row {
  if (!row) throw new TypeError('no such row')
  return {
    日期: `${day}T00:00:00.000`,
    股票代码: row.代码,
    开盘: row.今开,
    收盘: row.最新价,
    最高: row.最高,
    最低: row.最低,
    成交量: row.成交量,
    成交额: row.成交额,
    振幅: 1.1,
    涨跌幅: row.涨跌幅,
    涨跌额: row.涨跌额,
    换手率: 0.5,
  }
}

/** A list of factors, newest first as Sina sends it: dates and factors as text. */
export const factorRows = (steps: readonly (readonly [date: string, factor: string])[]): Row[] => [
  ...steps.map(([date, hfq_factor]) => ({ date: `${date}T00:00:00.000`, hfq_factor })),
  { date: '1900-01-01T00:00:00.000', hfq_factor: '1.0000000000000000' },
]

/** Replaces a column by another name, at the same place. */
export const renamed = (rows: readonly Row[], from: string, to: string): Row[] =>
  rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column === from ? to : column, value])),
  )

/** Gives a column another value in every row. */
export const changed = (
  rows: readonly Row[],
  column: string,
  value: (old: unknown, row: Row) => unknown,
): Row[] => rows.map((row) => ({ ...row, [column]: value(row[column], row) }))

/** One day as AKTools sends it: the close before high and low. */
export const DAY: Row = {
  日期: '2026-11-20T00:00:00.000',
  股票代码: '600519',
  开盘: 33.01,
  收盘: 38.1,
  最高: 38.1,
  最低: 32.6,
  成交量: 79756,
  成交额: 289881743.25,
  振幅: 17.32,
  涨跌幅: 20.0,
  涨跌额: 6.35,
  换手率: 21.22,
}
