import type { BarRow, DailyBasicRow } from '../contract.ts'
import { valuationProblem } from '../valuations.ts'
import type { Mapped } from './collect.ts'
import { SHARES } from './map.ts'
import type { Columns, Row } from './table.ts'
import { DATES } from './values.ts'

/**
 * The valuation on a day's line of a stock that traded. Ratios are trailing; of a company that lost money they are negative
 * here. There are no shares and no market values.
 */
export function mapValuation(row: Row, at: Columns): Mapped<DailyBasicRow> {
  const symbol = row.known(at.code, SHARES)
  const trade_date = row.known(at.date, DATES)
  // The same line is judged as a bar: a second reason against it would say nothing new.
  if (symbol === null || trade_date === null) return null
  if (!row.is(at.tradestatus, '1')) return null
  const valuation = {
    symbol,
    trade_date,
    turnover_rate: row.decimalText(at.turn),
    pe_ttm: row.decimalText(at.peTTM),
    pb: row.decimalText(at.pbMRQ),
    ps_ttm: row.decimalText(at.psTTM),
    pcf_ncf_ttm: row.decimalText(at.pcfNcfTTM),
  }
  // The only figure here that is judged by itself.
  const isOdd = valuation.turnover_rate?.startsWith('-') ?? false
  const reason = isOdd ? valuationProblem(valuation) : null
  return reason === null ? valuation : { reason }
}

/** Valuations of the lines that were accepted as bars: what is missing there is missing here. */
export function ofBars(
  valuations: DailyBasicRow[],
  bars: readonly Pick<BarRow, 'symbol' | 'trade_date'>[],
): DailyBasicRow[] {
  // Nearly always both came of the same lines; sets of a whole market cost as much as reading it.
  if (valuations.length === bars.length && valuations.every((row, i) => isOf(row, bars[i]))) return valuations
  const accepted = new Set(bars.map((bar) => bar.symbol + bar.trade_date))
  return valuations.filter((row) => accepted.has(row.symbol + row.trade_date))
}

const isOf = (row: DailyBasicRow, bar: Pick<BarRow, 'symbol' | 'trade_date'> | undefined): boolean =>
  row.symbol === bar?.symbol && row.trade_date === bar.trade_date
