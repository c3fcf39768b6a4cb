import { type Adjustment, ADJUSTMENTS } from '../../market/adjust.ts'
import type { Period } from '../../market/datasets.ts'

/**
 * A column of an answer. Values are text (`decimal`: an exact decimal, `date`: YYYY-MM-DD) or what their type says; `number`
 * is a computed value. Any may be null.
 */
export interface BarColumn {
  name: string
  type: 'text' | 'date' | 'decimal' | 'number' | 'integer' | 'boolean'
}

const of = (type: BarColumn['type'], ...names: string[]): BarColumn[] => names.map((name) => ({ name, type }))

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
  return [
    ...of('text', 'symbol'),
    ...of('date', 'trade_date', ...(isLong ? ['period_start'] : [])),
    ...of('boolean', ...(isLong ? ['is_final'] : [])),
    ...of(isComputed ? 'number' : 'decimal', 'open', 'high', 'low', 'close', 'pre_close', 'change'),
    ...of(isComputed && isLong ? 'number' : 'decimal', 'pct_chg'),
    ...of('integer', 'volume'),
    ...of('decimal', 'amount'),
    ...of('boolean', ...(isLong ? [] : ['is_st'])),
    ...of('text', 'source'),
    ...of('boolean', ...(query.source === 'best' ? ['disputed'] : []), ...(isAdjusted ? ['adjusted'] : [])),
    ...of('decimal', ...(isAdjusted ? ['factor'] : []), ...(anchored ? ['anchor_factor'] : [])),
    ...of('text', ...(isAdjusted ? ['factor_source'] : [])),
  ]
}
