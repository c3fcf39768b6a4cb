import { isSymbol } from '../../market/symbol.ts'
import type { NameRow } from '../contract.ts'
import { type Cells, type Columns, dateOf, inUniverse, type Mapped, text } from './map.ts'

/**
 * A name with its days, inside an object of its own: names have reasons too. An announcement that nobody knows is null; twins
 * are left to the merge, whose key holds each once.
 */
export function mapName(cells: Cells, at: Columns): Mapped<{ row: NameRow }> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const name = text(cells[at.name ?? -1])
  if (name === null) return { reason: 'no name' }
  const start_date = dateOf(cells[at.start_date ?? -1])
  if (start_date === null) return { reason: 'no valid start_date' }
  const end_date = dateOf(cells[at.end_date ?? -1])
  if (end_date !== null && end_date < start_date) return { reason: 'end_date lies before start_date' }
  const ann_date = dateOf(cells[at.ann_date ?? -1])
  return {
    row: { symbol, name, start_date, end_date, ann_date, reason: text(cells[at.change_reason ?? -1]) },
  }
}
