import { parseSymbol } from '../../market/symbol.ts'
import type { BarRow, DailyBasicRow, RejectedRow } from '../contract.ts'
import { rawOf } from '../raw.ts'
import { valuationProblem } from '../valuations.ts'
import { codeOf, numberOf, type Row } from './values.ts'

// What a unit is off by is 100 at least; the mean price of a day is never so far from its close.
const WIDE = 2
// Of less the two decimals of the site say little.
const TRADED = 0.1

/**
 * Why none of a snapshot's valuations is taken, or null: turnover is what was traded of the floating shares, so that a column
 * in another unit contradicts the amounts nearly everywhere.
 */
export function unitDrift(items: readonly Row[]): string | null {
  let seen = 0
  let wrong = 0
  for (const item of items) {
    const [turnover, worth, amount] = [numberOf(item.换手率), numberOf(item.流通市值), numberOf(item.成交额)]
    if (turnover === null || worth === null || amount === null || turnover < TRADED || worth <= 0) continue
    const traded = ((amount / worth) * 100) / turnover
    seen++
    if (traded < 1 / WIDE || traded > WIDE) wrong++
  }
  return wrong * 2 > seen
    ? `换手率 or 流通市值 is in another unit: ${wrong} of ${seen} stocks contradict it`
    : null
}

/**
 * Valuations of the stocks of a snapshot whose bars were accepted: a suspended stock keeps its market value on the site, and
 * has no valuation of that day. 市盈率-动态 takes the profit of this year so far for a whole year: it is no trailing ratio.
 */
export function snapshotValuations(
  items: readonly Row[],
  bars: readonly BarRow[],
): { rows: DailyBasicRow[]; rejected: RejectedRow[] } {
  const accepted = new Map(bars.map((bar) => [bar.symbol, bar.trade_date]))
  const rows: DailyBasicRow[] = []
  const rejected: RejectedRow[] = []
  for (const item of items) {
    const symbol = parseSymbol(codeOf(item.代码) ?? '')
    const trade_date = accepted.get(symbol ?? '')
    if (symbol === null || trade_date === undefined) continue
    const valuation = {
      symbol,
      trade_date,
      turnover_rate: numberOf(item.换手率),
      volume_ratio: numberOf(item.量比),
      pe_dynamic: numberOf(item['市盈率-动态']),
      pb: numberOf(item.市净率),
      // Yuan.
      total_mv: numberOf(item.总市值),
      circ_mv: numberOf(item.流通市值),
    }
    const reason = valuationProblem(valuation)
    if (reason === null) rows.push(valuation)
    else rejected.push({ symbol, trade_date, reason, raw: rawOf(item) })
  }
  return { rows, rejected }
}
