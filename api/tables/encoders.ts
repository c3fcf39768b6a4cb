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
    tail: () => `\n],"count":${count}}\n`,
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const NOTHING = bytesOf('')
const FIRST_ROW = bytesOf('\n{')
const NEXT_ROW = bytesOf(',\n{')
const ROW_END = bytesOf('}')

type Writer = (value: Value) => void

/** Writes the values of a column. Decimals are numbers in JSON, digit by digit as they are stored. */
function jsonWriter({ type }: TableColumn, buffer: TextBuffer): Writer {
  switch (type) {
    case 'text':
      return jsonTexts(buffer)
    case 'date':
    case 'instant':
      return (value) => buffer.add(value === null ? 'null' : `"${String(value)}"`)
    default:
      return (value) => (typeof value === 'number' ? buffer.addNumber(value) : buffer.add(String(value)))
  }
}

/** Texts are codes and names of sources, for the most part the same as in the row before. */
function jsonTexts(buffer: TextBuffer): Writer {
  let last: Value = null
  let bytes = bytesOf('null')
  return (value) => {
    if (value !== last) {
      last = value
      bytes = bytesOf(JSON.stringify(value))
    }
    buffer.addBytes(bytes)
  }
}

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
