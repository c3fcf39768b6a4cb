import type { AktoolsFault } from './faults.ts'
import type { Cell, Frame, FrameColumn } from './frame.ts'

// What the columns are called, East Money's first.
const NAMES = {
  amount: ['成交额', 'amount'],
  volume: ['成交量', 'volume'],
  high: ['最高', 'high'],
  low: ['最低', 'low'],
  close: ['收盘', '最新价', 'close'],
} as const
const PRICES = ['开盘', '收盘', '最高', '最低', '今开', '最新价', '昨收', 'open', 'high', 'low', 'close']

const SNAPSHOT_PAGE = 100

type Editable = Cell[][]

const find = (columns: readonly FrameColumn[], names: readonly string[]): number =>
  columns.findIndex(({ name }) => names.includes(name))

const editRow = (rows: Editable, index: number, at: number, edit: (row: Cell[]) => Cell): void => {
  const row = rows[index]
  if (row !== undefined && at >= 0) row[at] = edit(row)
}

const damageRow = (columns: readonly FrameColumn[], rows: Editable, fault: AktoolsFault): void => {
  const index = fault.row ?? 0
  if (fault.damage === 'null_close') editRow(rows, index, find(columns, NAMES.close), () => null)
  else if (fault.damage === 'bad_date') {
    const at = columns.findIndex(({ kind }) => kind === 'date')
    editRow(rows, index, at, (row) => `${String(row[at]).slice(0, 4)}-13-45T00:00:00.000`)
  } else {
    const low = find(columns, NAMES.low)
    editRow(rows, index, find(columns, NAMES.high), (row) => Number(row[low]) - 1)
  }
}

/** A number times a factor, without the noise of the multiplication. */
const times = (cell: Cell | undefined, factor: number): Cell =>
  typeof cell === 'number' ? Number((cell * factor).toFixed(4)) : (cell ?? null)

const scale = (rows: Editable, at: number, factor: number): void => {
  for (const row of rows) if (at >= 0) row[at] = times(row[at], factor)
}

/** A page of a snapshot, or half of a list that is not longer than a page. */
const kept = (count: number, { rows, percent }: AktoolsFault): number => {
  if (rows !== undefined) return rows
  if (percent !== undefined) return Math.floor((count * percent) / 100)
  return count > SNAPSHOT_PAGE ? SNAPSHOT_PAGE : count >> 1
}

/** All prices of a row mirrored, the greatest the lowest: only their sign is wrong. */
const negate = (columns: readonly FrameColumn[], rows: Editable): void => {
  columns.forEach(({ name }, at) => {
    if (PRICES.includes(name)) scale(rows, at, -1)
  })
  const [high, low] = [find(columns, NAMES.high), find(columns, NAMES.low)]
  for (const row of rows) {
    if (high >= 0 && low >= 0) [row[high], row[low]] = [row[low] ?? null, row[high] ?? null]
  }
}

const withoutColumn = ({ columns, rows }: Frame, name: string): Frame => {
  const at = columns.findIndex((column) => column.name === name)
  return at < 0
    ? { columns, rows }
    : { columns: columns.toSpliced(at, 1), rows: rows.map((row) => row.toSpliced(at, 1)) }
}

/** The frame after a fault of its rows or columns; the given one stays as it is, it may be kept for other calls. */
export const damageFrame = (frame: Frame, fault: AktoolsFault): Frame => {
  const { columns } = frame
  const rows = frame.rows.map((row) => [...row])
  const named = (names: readonly string[]): string =>
    fault.column ?? columns[find(columns, names)]?.name ?? ''
  switch (fault.kind) {
    case 'empty':
      return { columns, rows: [] }
    case 'half_day':
      return { columns, rows: rows.slice(0, kept(rows.length, fault)) }
    case 'duplicates':
      return { columns, rows: [...rows, ...rows.slice(0, 1 + (rows.length >> 3))] }
    case 'missing_column':
      return withoutColumn(frame, named(NAMES.amount))
    case 'renamed_column': {
      const [old, name] = [named(NAMES.amount), fault.to ?? 'turnover_value']
      return { columns: columns.map((one) => (one.name === old ? { ...one, name } : one)), rows }
    }
    case 'wrong_unit':
      scale(rows, find(columns, [named(NAMES.volume)]), fault.factor ?? 100)
      break
    case 'bad_row':
      damageRow(columns, rows, fault)
      break
    case 'negative_prices':
      negate(columns, rows)
  }
  return { columns, rows }
}
