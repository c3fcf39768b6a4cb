import { copyText, type DatedDataset, type StagedLine } from '../db/merge.ts'
import type { BarRow, FactorRow, RowsOf, SuspensionRow } from '../sources/contract.ts'

/** Values of a row in the order of the dataset's merge: extra key columns, then values. */
const VALUES: { [D in DatedDataset]: (row: RowsOf[D]) => string } = {
  bars: (r: BarRow) =>
    `${r.open}\t${r.high}\t${r.low}\t${r.close}\t${orNull(r.pre_close)}\t${orNull(r.change)}\t${orNull(r.pct_chg)}\t${r.volume}\t${r.amount}`,
  adj_factor: (r: FactorRow) => String(r.factor),
  suspension: (r: SuspensionRow) => `${r.suspend_type}\t${copyText(r.suspend_timing)}`,
}

const KEY_TAIL: { [D in DatedDataset]: (row: RowsOf[D]) => string } = {
  bars: () => '',
  adj_factor: () => '',
  suspension: (row) => row.suspend_type,
}

const orNull = (value: number | null) => (value === null ? '\\N' : String(value))

/**
 * Rows → COPY lines, sorted by key and each key once. Where an upstream sends a key twice (overlapping pages), the later
 * row is the fresher one.
 */
export function stagedLines<D extends DatedDataset>(
  dataset: D,
  rows: readonly RowsOf[D][],
  ids: ReadonlyMap<string, number>,
): StagedLine[] {
  const values = VALUES[dataset] as (row: RowsOf[D]) => string
  const tail = KEY_TAIL[dataset] as (row: RowsOf[D]) => string
  const keyed = rows.map((row) => ({
    id: ids.get(row.symbol) ?? 0,
    date: row.trade_date,
    tail: tail(row),
    row,
  }))
  keyed.sort(
    (a, b) =>
      a.id - b.id ||
      (a.date < b.date ? -1 : a.date > b.date ? 1 : a.tail < b.tail ? -1 : a.tail > b.tail ? 1 : 0),
  )
  const lines: StagedLine[] = []
  for (let i = 0; i < keyed.length; i++) {
    const each = keyed[i]
    if (!each) continue
    const next = keyed[i + 1]
    if (next && next.id === each.id && next.date === each.date && next.tail === each.tail) continue
    lines.push(`${each.id}\t${each.row.symbol}\t${each.date}\t${values(each.row)}`)
  }
  return lines
}
