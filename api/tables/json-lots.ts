import type { ColumnLot, LotColumn, Value } from '../../db/column-lot.ts'
import { bytesOf, FIRST_ROW, jsonWriter, NEXT_ROW } from './json-values.ts'
import type { TableColumn } from './table.ts'
import { RepeatedText, TextBuffer } from './text-buffer.ts'

/** The value of a row, and the text before it: keys, and values that all rows of a lot have. */
interface Cell {
  before: RepeatedText
  write: (row: number) => void
}

/** Writes the rows of lots as JSON objects, each with the comma before it unless it is the first of all. */
export function jsonLots(
  columns: readonly TableColumn[],
  buffer: TextBuffer,
): (lot: ColumnLot, isFirst: boolean) => void {
  const texts = new TextBuffer()
  return (lot, isFirst) => {
    const cells: Cell[] = []
    let before = ''
    for (const [i, column] of columns.entries()) {
      const values: LotColumn = lot.columns[i] ?? { kind: 'same', value: null }
      before += `${i === 0 ? '' : ','}${JSON.stringify(column.name)}:`
      if (values.kind === 'same') before += textOf(column, values.value, texts)
      else {
        cells.push({ before: new RepeatedText(before), write: cellWriter(column, values, buffer) })
        before = ''
      }
    }
    const end = new RepeatedText(`${before}}`)
    for (let row = 0; row < lot.count; row++) {
      buffer.addBytes(isFirst && row === 0 ? FIRST_ROW : NEXT_ROW)
      for (const cell of cells) {
        buffer.addRepeated(cell.before)
        cell.write(row)
      }
      buffer.addRepeated(end)
    }
  }
}

function textOf(column: TableColumn, value: Value, buffer: TextBuffer): string {
  jsonWriter(column, buffer)(value)
  return new TextDecoder().decode(buffer.take())
}

const NULL = bytesOf('null')
const NOTHING = bytesOf('')

function cellWriter(
  column: TableColumn,
  values: Exclude<LotColumn, { kind: 'same' }>,
  buffer: TextBuffer,
): (row: number) => void {
  switch (values.kind) {
    case 'numbers': {
      const { values: numbers } = values
      return (row) => {
        const number = numbers[row] ?? NaN
        if (Number.isNaN(number)) buffer.addBytes(NULL)
        else buffer.addNumber(number)
      }
    }
    case 'cells':
      return cellsWriter(column, values, buffer)
    case 'values': {
      const write = jsonWriter(column, buffer)
      return (row) => write(values.values[row] ?? null)
    }
  }
}

const QUOTE = bytesOf('"')

/** Dates and numbers as they came, in need of nothing but quotes. */
function cellsWriter(
  { type }: TableColumn,
  { rows, cell, from }: Extract<LotColumn, { kind: 'cells' }>,
  buffer: TextBuffer,
): (row: number) => void {
  const quote = type === 'date' ? QUOTE : NOTHING
  return (row) => {
    const begin = rows.begin(from + row, cell)
    const end = rows.end(from + row, cell)
    if (begin === end) {
      buffer.addBytes(NULL)
      return
    }
    buffer.addBytes(quote)
    buffer.addBytes(rows.bytes, begin, end)
    buffer.addBytes(quote)
  }
}
