import { jsonLots } from './json-lots.ts'
import { bytesOf, FIRST_ROW, jsonWriter, NEXT_ROW } from './json-values.ts'
import { TextBuffer } from './text-buffer.ts'
import type { TableAbout, TableColumn, TableEncoder, TableRow } from './table.ts'

type Value = TableRow[number]

/**
 * `{...about, "data": [{...}, ...], "count": n}`. The count is the last thing: an answer that was broken off is no JSON.
 *
 * @param about members that come before the rows
 */
export function jsonEncoder(columns: readonly TableColumn[], about: TableAbout): TableEncoder {
  const buffer = new TextBuffer()
  const keys = columns.map(({ name }, i) => bytesOf(`${i === 0 ? '' : ','}${JSON.stringify(name)}:`))
  const write = columns.map((column) => jsonWriter(column, buffer))
  const begins = new Int32Array(columns.length + 1)
  const writeRow = (row: TableRow, before: TableRow | undefined): void => {
    // The last columns are mostly those of the row before: its source, its factor, its flags.
    let same = keys.length
    if (before) while (same > 0 && row[same - 1] === before[same - 1]) same--
    const [again, end] = [begins[same] ?? 0, begins[keys.length] ?? 0]
    for (let i = 0; i < same; i++) {
      begins[i] = buffer.length
      buffer.addBytes(keys[i] ?? NOTHING)
      write[i]?.(row[i] ?? null)
    }
    const shift = buffer.length - again
    for (let i = same; i <= keys.length; i++) begins[i] = (begins[i] ?? 0) + shift
    if (same < keys.length) buffer.addAgain(again, end)
    else begins[keys.length] = buffer.length
  }
  const writeLot = jsonLots(columns, buffer)
  let count = 0
  return {
    contentType: 'application/json',
    head: () => `${JSON.stringify(about).slice(0, -1)}${Object.keys(about).length > 0 ? ',' : ''}"data":[`,
    lot: (rows) => {
      for (let i = 0; i < rows.length; i++) {
        buffer.addBytes(count++ === 0 ? FIRST_ROW : NEXT_ROW)
        writeRow(rows[i] ?? [], rows[i - 1])
        buffer.addBytes(ROW_END)
      }
      return buffer.take()
    },
    columnLot: (lot) => {
      writeLot(lot, count === 0)
      count += lot.count
      return buffer.length < PIECE_BYTES ? NOTHING : buffer.take()
    },
    tail: () => {
      buffer.add(`\n],"count":${count}}\n`)
      return buffer.take()
    },
  }
}

// What is worth sending.
const PIECE_BYTES = 1 << 17

const NOTHING = bytesOf('')
const ROW_END = bytesOf('}')

/** A header line, then a line for each row, by RFC 4180; null is empty. */
export function csvEncoder(columns: readonly TableColumn[]): TableEncoder {
  const buffer = new TextBuffer()
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: () => `${columns.map(({ name }) => name).join(',')}\r\n`,
    lot: (rows) => {
      for (const row of rows) {
        for (let i = 0; i < columns.length; i++) {
          if (i > 0) buffer.add(',')
          const value = row[i] ?? null
          if (typeof value === 'number') buffer.addNumber(value)
          else buffer.add(field(value))
        }
        buffer.add('\r\n')
      }
      return buffer.take()
    },
    tail: () => '',
  }
}

function field(value: Exclude<Value, number>): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
