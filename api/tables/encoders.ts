import { plainDecimal } from '../../market/units.ts'
import { TextBuffer } from './text-buffer.ts'
import type { TableAbout, TableColumn, TableEncoder, TableRow } from './table.ts'

type Value = TableRow[number]

/**
 * `{...about, "data": [{...}, ...], "count": n}`. The count is the last thing: an answer that was broken off is no JSON.
 *
 * @param about members that come before the rows
 */
export function jsonEncoder(columns: readonly TableColumn[], about: TableAbout): TableEncoder {
  const keys = columns.map(({ name }, i) => `${i === 0 ? '' : ','}${JSON.stringify(name)}:`)
  const write = columns.map(({ type }) => (QUOTED.includes(type) ? quoted : plain))
  const buffer = new TextBuffer()
  let count = 0
  return {
    contentType: 'application/json',
    head: () => `${JSON.stringify(about).slice(0, -1)}${Object.keys(about).length > 0 ? ',' : ''}"data":[`,
    lot: (rows) => {
      for (const row of rows) {
        buffer.add(count++ === 0 ? '\n{' : ',\n{')
        for (let i = 0; i < keys.length; i++) {
          buffer.add(keys[i] ?? '')
          buffer.add((write[i] ?? plain)(row[i] ?? null))
        }
        buffer.add('}')
      }
      return buffer.take()
    },
    tail: () => `\n],"count":${count}}\n`,
  }
}

const QUOTED: readonly TableColumn['type'][] = ['text', 'date', 'instant']
// Most texts are codes, names of sources and dates.
const NEEDS_NO_ESCAPE = /^[\w.:-]*$/
const quoted = (value: Value): string =>
  value === null
    ? 'null'
    : typeof value === 'string' && NEEDS_NO_ESCAPE.test(value)
      ? `"${value}"`
      : JSON.stringify(value)
// Decimals are numbers in JSON, digit by digit as they are stored.
const plain = (value: Value): string => (typeof value === 'number' ? plainDecimal(value) : String(value))

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
          buffer.add(field(row[i] ?? null))
        }
        buffer.add('\r\n')
      }
      return buffer.take()
    },
    tail: () => '',
  }
}

function field(value: Value): string {
  if (value === null) return ''
  if (typeof value !== 'string') return plain(value)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
