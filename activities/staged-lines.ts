import {
  copyChunks,
  copyText,
  type DatedDataset,
  MERGES,
  type StagedLine,
  type StagedRows,
} from '../db/merge.ts'
import type { BarRow, FactorRow, RowsOf, SuspensionRow } from '../sources/contract.ts'

/** Fields of a row by the names of its columns, in the order of the dataset's merge. */
function byName<D extends DatedDataset>(dataset: D): (row: RowsOf[D]) => string {
  const { extraKey, values } = MERGES[dataset]
  const columns = [...extraKey, ...Object.keys(values)] as (keyof RowsOf[D])[]
  return (row) =>
    columns.map((column) => copyText((row[column] ?? null) as string | number | boolean | null)).join('\t')
}

/**
 * Values of a row in the order of the dataset's merge: extra key columns, then values. Those of bars and factors, of which
 * there are millions, are written out.
 */
const VALUES: { [D in DatedDataset]: (row: RowsOf[D]) => string } = {
  bars: (r: BarRow) =>
    `${r.open}\t${r.high}\t${r.low}\t${r.close}\t${orNull(r.pre_close)}\t${orNull(r.change)}\t${orNull(r.pct_chg)}\t${r.volume}\t${r.amount}\t${flag(r.is_st)}`,
  adj_factor: (r: FactorRow) => String(r.factor),
  suspension: (r: SuspensionRow) => `${r.suspend_type}\t${copyText(r.suspend_timing)}`,
  daily_basic: byName('daily_basic'),
  index_bars: byName('index_bars'),
}

const KEY_TAIL: { [D in DatedDataset]: (row: RowsOf[D]) => string } = {
  bars: () => '',
  adj_factor: () => '',
  suspension: (row) => row.suspend_type,
  daily_basic: () => '',
  index_bars: () => '',
}

const flag = (value: boolean | null | undefined) => (value == null ? '\\N' : value ? 't' : 'f')
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

/** Rows of an answer, ready for COPY before the transaction begins. */
export interface StagedAnswer {
  rows: StagedRows
  /** What the symbols of the rows were taken to stand for. */
  ids: ReadonlyMap<string, number>
  /** First and last date. */
  from: string
  to: string
}

/**
 * Rows → COPY text at once. Rows that waited for their turn to be committed as objects would outlive the young part of
 * the heap, and cleaning up after them took a third of the worker's time and half of its memory.
 *
 * @param known ids of symbols; one that is missing gets 0, see `withIds`
 */
export function stageRows<D extends DatedDataset>(
  dataset: D,
  rows: readonly RowsOf[D][],
  known: (symbol: string) => number | undefined,
): StagedAnswer | null {
  const first = rows[0]
  if (!first) return null
  const ids = new Map<string, number>()
  let from = first.trade_date
  let to = from
  for (const { symbol, trade_date } of rows) {
    if (!ids.has(symbol)) ids.set(symbol, known(symbol) ?? 0)
    if (trade_date < from) from = trade_date
    if (trade_date > to) to = trade_date
  }
  return { rows: copyChunks(stagedLines(dataset, rows, ids)), ids, from, to }
}

/** The same rows under the ids that the database has for their symbols now. */
export function withIds(staged: StagedAnswer, ids: ReadonlyMap<string, number>): StagedRows {
  if ([...staged.ids].every(([symbol, id]) => ids.get(symbol) === id)) return staged.rows
  const lines = staged.rows.chunks.flatMap((chunk) => chunk.toString('utf8').slice(0, -1).split('\n'))
  const keyed = lines.map((line) => {
    const [, symbol = '', date = ''] = line.split('\t', 3)
    return { id: ids.get(symbol) ?? 0, date, rest: line.slice(line.indexOf('\t')) }
  })
  // Stable: rows of one instrument and date keep their order.
  keyed.sort((a, b) => a.id - b.id || (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  return copyChunks(keyed.map(({ id, rest }) => `${id}${rest}`))
}
