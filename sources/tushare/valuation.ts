import { isSymbol } from '../../market/symbol.ts'
import { shiftDecimal, TEN_THOUSAND_TO_ONE } from '../../market/units.ts'
import type { DailyBasicRow } from '../contract.ts'
import { valuationProblem } from '../valuations.ts'
import { type Cells, type Columns, dateOf, decimal, inUniverse, type Mapped, text } from './map.ts'

/** A row of `daily_basic`. What is null there stays null: a company without a profit has no ratio, not a ratio of 0. */
export function mapValuation(cells: Cells, at: Columns): Mapped<DailyBasicRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const trade_date = dateOf(cells[at.trade_date ?? -1])
  if (trade_date === null) return { reason: 'no valid trade_date' }
  const plain = (name: string): number | null => decimal(cells[at[name] ?? -1])
  // Shares and market values come in units of ten thousand.
  const counted = (name: string): string | null => {
    const value = plain(name)
    return value === null ? null : shiftDecimal(value, TEN_THOUSAND_TO_ONE)
  }
  const row = {
    symbol,
    trade_date,
    close: plain('close'),
    turnover_rate: plain('turnover_rate'),
    turnover_rate_f: plain('turnover_rate_f'),
    volume_ratio: plain('volume_ratio'),
    pe: plain('pe'),
    pe_ttm: plain('pe_ttm'),
    pb: plain('pb'),
    ps: plain('ps'),
    ps_ttm: plain('ps_ttm'),
    dv_ratio: plain('dv_ratio'),
    dv_ttm: plain('dv_ttm'),
    total_share: counted('total_share'),
    float_share: counted('float_share'),
    free_share: counted('free_share'),
    total_mv: counted('total_mv'),
    circ_mv: counted('circ_mv'),
  }
  const reason = valuationProblem(row)
  return reason === null ? row : { reason }
}
