import { isoDate } from '../decimal.ts'
import { floatText } from './python-json.ts'

/** `date`: `YYYYMMDD`, served as midnight without a zone; `text` is served as it is. */
export type ColumnKind = 'text' | 'date' | 'int' | 'float'
export type Cell = string | number | null

export interface FrameColumn {
  readonly name: string
  readonly kind: ColumnKind
}

/** A table as AKShare's functions give it; AKTools makes one JSON object of each row. */
export interface Frame {
  readonly columns: readonly FrameColumn[]
  readonly rows: readonly (readonly Cell[])[]
}

/** `columns('date', '日期')`: columns of one kind in a row. */
export const columns = (kind: ColumnKind, ...names: string[]): FrameColumn[] =>
  names.map((name) => ({ name, kind }))

const DATE = /^\d{8}$/

const textOf = (cell: Cell): string => (cell === null ? 'null' : JSON.stringify(String(cell)))

const dateText = (cell: Cell): string =>
  typeof cell === 'string' && DATE.test(cell) ? `"${isoDate(cell)}T00:00:00.000"` : textOf(cell)

const numberOf = (cell: Cell): number | null => (typeof cell === 'number' ? cell : null)

const intText = (cell: Cell): string => (typeof cell === 'number' ? String(cell) : 'null')

/** How a column's cells are written. An integer column that misses one value is a float column in pandas. */
const writerOf = ({ kind }: FrameColumn, at: number, { rows }: Frame): ((cell: Cell) => string) => {
  if (kind === 'text') return textOf
  if (kind === 'date') return dateText
  const isWhole = kind === 'int' && rows.every((row) => Number.isInteger(row[at]))
  return isWhole ? intText : (cell) => floatText(numberOf(cell))
}

/** The body of an answer: a compact array of objects, Chinese unescaped. */
export const frameJson = (frame: Frame): string => {
  const writers = frame.columns.map((column, at) => writerOf(column, at, frame))
  const keys = frame.columns.map(({ name }, at) => `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  let out = '['
  frame.rows.forEach((row, index) => {
    if (index > 0) out += ','
    for (let at = 0; at < keys.length; at++) {
      out += (keys[at] ?? '') + (writers[at]?.(row[at] ?? null) ?? 'null')
    }
    out += '}'
  })
  return `${out}]`
}
