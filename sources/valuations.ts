import type { DailyBasicRow, Figure } from './contract.ts'

const COUNTS = ['total_share', 'float_share', 'free_share', 'total_mv', 'circ_mv', 'turnover_rate', 'turnover_rate_f'] as const // prettier-ignore
// Shares of two dates may stand side by side for a day, and market values are rounded; a unit is off by 100 at least.
const ROUNDING = 1.01

/**
 * Why a valuation cannot be true, or null. Ratios are never checked: of a company that lost money they are negative in one
 * source and missing in another, and both are right.
 */
export function valuationProblem(row: Omit<DailyBasicRow, 'symbol' | 'trade_date'>): string | null {
  for (const field of COUNTS) if (Number(row[field] ?? 0) < 0) return `${field} is negative`
  if (isAbove(row.circ_mv, row.total_mv)) return 'circ_mv is more than total_mv'
  if (isAbove(row.float_share, row.total_share)) return 'float_share is more than total_share'
  return null
}

const isAbove = (part: Figure | undefined, whole: Figure | undefined): boolean =>
  part != null && whole != null && Number(part) > Number(whole) * ROUNDING
