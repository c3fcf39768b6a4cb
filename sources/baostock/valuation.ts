import type { TradeDate } from '../../market/date.ts'
import type { DailyBasicRow } from '../contract.ts'
import { valuationProblem } from '../valuations.ts'
import type { Columns, Row } from './table.ts'

/**
 * The valuation on the line of a stock that traded. Ratios are trailing; of a company that lost money they are negative here.
 * There are no shares and no market values.
 */
export function valuationOf(
  row: Row,
  at: Columns,
  symbol: string,
  trade_date: TradeDate,
): DailyBasicRow | { reason: string } {
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
