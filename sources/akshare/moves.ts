import type { AkshareFunction } from './functions.ts'
import { drift } from './columns.ts'
import { contradicts, hasMoved } from './map.ts'
import { dateOf, numberOf, type Row } from './values.ts'

/*
 * Columns that no unit guard sees, because they are no part of a price paid: checked against each other over a whole
 * answer. AKShare names the columns of these functions by position, so a field that the site inserts moves them all.
 */

// Fewer say too little: a first day of trading has no previous close.
const LEAST_MOVES = 3
const NEARLY_ALL = 0.9
const LEAST_LINKS = 5

/**
 * @param close the column of the last price
 * @throws SourceError SchemaDrift when change, per cent and previous close contradict each other nearly everywhere
 */
export function checkMoves(name: AkshareFunction, rows: readonly Row[], close: '收盘' | '最新价'): void {
  let compared = 0
  let contrary = 0
  for (const row of rows) {
    const move = {
      close: numberOf(row[close]) ?? 0,
      change: numberOf(row.涨跌额),
      pct_chg: numberOf(row.涨跌幅),
      pre_close: numberOf(row.昨收),
    }
    if (move.close === 0 || !hasMoved(move)) continue
    compared++
    if (contradicts(move)) contrary++
  }
  if (compared >= LEAST_MOVES && contrary >= compared * NEARLY_ALL)
    throw drift(name, `涨跌额, 涨跌幅 and ${close} contradict each other: a column changed its meaning`, rows)
}

/**
 * Each close less its change is the close before, but for ex-days: an open in the place of the close breaks the chain.
 *
 * @throws SourceError SchemaDrift when most links are broken
 */
export function checkChain(name: AkshareFunction, rows: readonly Row[]): void {
  const days = rows
    .map((row) => ({ date: dateOf(row.日期) ?? '', close: numberOf(row.收盘), change: numberOf(row.涨跌额) }))
    .sort((a, b) => (a.date < b.date ? -1 : 1))
  let links = 0
  let broken = 0
  for (const [i, { close, change }] of days.entries()) {
    const before = days[i - 1]?.close ?? null
    if (before === null || close === null || change === null) continue
    links++
    if (Math.abs(close - change - before) > 0.011) broken++
  }
  if (links >= LEAST_LINKS && broken * 2 > links)
    throw drift(name, '收盘 less 涨跌额 is not the close before: a column changed its meaning', rows)
}
