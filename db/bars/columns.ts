import { type Adjustment, ADJUSTMENTS } from '../../market/adjust.ts'
import type { Period } from '../../market/datasets.ts'

/**
 * A column of an answer. Values are text (`decimal`: an exact decimal, `date`: YYYY-MM-DD, `instant`: ISO 8601, `json`: any value) or what their type says; `number`
 * is a computed value. Any may be null.
 */
export interface DataColumn {
  name: string
  type: 'text' | 'date' | 'instant' | 'decimal' | 'number' | 'integer' | 'boolean' | 'json'
  /** What its numbers are counted in. */
  unit?: 'CNY' | 'percent' | 'shares' | 'points'
}
export type BarColumn = DataColumn

/** Columns of one type and unit. */
export const columnsAs = (
  type: DataColumn['type'],
  unit: DataColumn['unit'] | null,
  ...names: string[]
): DataColumn[] => names.map((name) => ({ name, type, ...(unit ? { unit } : {}) }))

const of = (type: BarColumn['type'], ...names: string[]): BarColumn[] => columnsAs(type, null, ...names)

/** The columns of bars, in their order. */
export function columnsOf(query: {
  period: Period
  adjust: Adjustment
  source: string
  asOf: string | null
}): BarColumn[] {
  const isLong = query.period !== 'daily'
  const isAdjusted = query.adjust !== 'none'
  const isComputed = isAdjusted || (isLong && query.asOf !== null)
  const { anchored } = ADJUSTMENTS[query.adjust]
  const price = isComputed ? 'number' : 'decimal'
  return [
    ...of('text', 'symbol'),
    ...of('date', 'trade_date', ...(isLong ? ['period_start'] : [])),
    ...of('boolean', ...(isLong ? ['is_final'] : [])),
    ...columnsAs(price, 'CNY', 'open', 'high', 'low', 'close', 'pre_close', 'change'),
    ...columnsAs(isComputed && isLong ? 'number' : 'decimal', 'percent', 'pct_chg'),
    ...columnsAs('integer', 'shares', 'volume'),
    ...columnsAs('decimal', 'CNY', 'amount'),
    ...of('boolean', ...(isLong ? [] : ['is_st'])),
    ...of('text', 'source'),
    ...of('boolean', ...(query.source === 'best' ? ['disputed'] : []), ...(isAdjusted ? ['adjusted'] : [])),
    ...of('decimal', ...(isAdjusted ? ['factor'] : []), ...(anchored ? ['anchor_factor'] : [])),
    ...of('text', ...(isAdjusted ? ['factor_source'] : [])),
  ]
}
