import type { SourceCall } from '../../market/capability.ts'
import { toCompact } from '../../market/date.ts'
import { isIndexSymbol } from '../../market/indices.ts'
import { isSymbol } from '../../market/symbol.ts'
import { LOT_TO_SHARES, shiftDecimal, THOUSAND_TO_ONE } from '../../market/units.ts'
import type { Answer, Figure, IndexBarRow, IndexMemberRow, RejectedRow } from '../contract.ts'
import { arePricesInOrder, insideCall } from '../rows.ts'
import { APIS } from './apis.ts'
import { type Cells, collect, type Columns, dateOf, decimal, inUniverse, type Mapped, text } from './map.ts'
import type { AskPages } from './pages.ts'

/** A session of an index: points, lots, thousand yuan. Old sessions have a close and little else. */
export function mapIndexBar(cells: Cells, at: Columns): Mapped<IndexBarRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isIndexSymbol(symbol)) return { reason: 'no index of ours' }
  const trade_date = dateOf(cells[at.trade_date ?? -1])
  if (trade_date === null) return { reason: 'no valid trade_date' }
  const close = decimal(cells[at.close ?? -1])
  if (close === null || close <= 0) return { reason: 'the close is missing or not positive' }
  const prices = {
    open: decimal(cells[at.open ?? -1]),
    high: decimal(cells[at.high ?? -1]),
    low: decimal(cells[at.low ?? -1]),
    close,
  }
  if (!arePricesInOrder(prices)) return { reason: 'prices out of order' }
  return {
    symbol,
    trade_date,
    ...prices,
    pre_close: decimal(cells[at.pre_close ?? -1]),
    change: decimal(cells[at.change ?? -1]),
    pct_chg: decimal(cells[at.pct_chg ?? -1]),
    volume: shifted(cells[at.vol ?? -1], LOT_TO_SHARES),
    amount: shifted(cells[at.amount ?? -1], THOUSAND_TO_ONE),
  }
}

function shifted(cell: unknown, places: number): Figure {
  const value = decimal(cell)
  return value === null ? null : shiftDecimal(value, places)
}

// CSI's indices have a second code in Shenzhen, and members may come under either.
const TWINS: Readonly<Record<string, string>> = {
  '000300.SH': '399300.SZ',
  '000852.SH': '399852.SZ',
  '000905.SH': '399905.SZ',
}

/** The codes under which an index's members may come, the usual one first. */
export const codesOfIndex = (symbol: string): readonly string[] =>
  symbol in TWINS ? [symbol, TWINS[symbol] ?? ''] : [symbol]

/** A member of an index, under the index's code of ours. */
export const mapIndexMember =
  (index: string) =>
  (cells: Cells, at: Columns): Mapped<IndexMemberRow> => {
    const code = text(cells[at.index_code ?? -1])
    if (code === null || !codesOfIndex(index).includes(code)) return { reason: 'not part of what was asked' }
    const symbol = text(cells[at.con_code ?? -1])
    if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid con_code' }
    if (!inUniverse(symbol)) return null
    const trade_date = dateOf(cells[at.trade_date ?? -1])
    if (trade_date === null) return { reason: 'no valid trade_date' }
    const weight = decimal(cells[at.weight ?? -1])
    if (weight !== null && (weight < 0 || weight > 100)) return { reason: 'the weight is no percentage' }
    return { index_symbol: index, symbol, trade_date, weight }
  }

/** Lists of the members of one index within some dates; none before it had any. */
export async function fetchMembers({ part, from, to }: SourceCall, pages: AskPages): Promise<Answer> {
  if (part === null || from === null || to === null)
    throw new TypeError('a call for members needs an index and dates')
  const rejected: RejectedRow[] = []
  let requests = 0
  for (const index_code of codesOfIndex(part)) {
    const params = { index_code, start_date: toCompact(from), end_date: toCompact(to) }
    const table = await pages(APIS.index_weight, params)
    requests += table.requests
    const rows = collect(table.items, table.at, mapIndexMember(part), rejected)
    if (rows.length > 0)
      return {
        rows: insideCall({ symbols: null, from, to }, rows, rejected),
        codeChanges: [],
        rejected,
        requests,
      }
  }
  return { rows: [], codeChanges: [], rejected, requests }
}
