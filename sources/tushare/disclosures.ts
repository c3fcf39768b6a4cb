import { isPeriodEnd } from '../../market/report-periods.ts'
import { isSymbol } from '../../market/symbol.ts'
import type { DisclosureRow } from '../contract.ts'
import { type Cells, type Columns, dateOf, inUniverse, type Mapped, text } from './map.ts'

/** When a company publishes the report of a period. Changes of the plan are not kept apart. */
export function mapDisclosure(cells: Cells, at: Columns): Mapped<DisclosureRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const period_end = dateOf(cells[at.end_date ?? -1])
  if (period_end === null || !isPeriodEnd(period_end)) return { reason: 'end_date is no end of a quarter' }
  return {
    symbol,
    period_end,
    ann_date: dateOf(cells[at.ann_date ?? -1]),
    pre_date: dateOf(cells[at.pre_date ?? -1]),
    actual_date: dateOf(cells[at.actual_date ?? -1]),
  }
}
