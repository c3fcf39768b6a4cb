import { plainDecimal } from '../../market/units.ts'
import type { TableAbout, TableColumn, TableEncoder, TableRow } from './table.ts'

type Value = TableRow[number]

/**
 * `{...about, "data": [{...}, ...], "count": n}`. The count is the last thing: an answer that was broken off is no JSON.
 *
 * @param about members that come before the rows
 */
export function jsonEncoder(columns: readonly TableColumn[], about: TableAbout): TableEncoder<string> {
  const members = columns.map(memberOf)
  let count = 0
  return {
    contentType: 'application/json',
    head: () => `${JSON.stringify(about).slice(0, -1)}${Object.keys(about).length > 0 ? ',' : ''}"data":[`,
    lot: (rows) => {
      let text = ''
      for (const row of rows) {
        text += count++ === 0 ? '\n{' : ',\n{'
        for (let i = 0; i < members.length; i++) text += members[i]?.(row[i] ?? null) ?? ''
        text += '}'
      }
      return text
    },
    tail: () => `\n],"count":${count}}\n`,
  }
}

/** Writes a column's member of each row. Many come again in the next row: those are not made twice. */
function memberOf({ name, type }: TableColumn, place: number): (value: Value) => string {
  const key = `${place === 0 ? '' : ','}${JSON.stringify(name)}:`
  const write = ['text', 'date', 'instant'].includes(type) ? quoted : plain
  let latest: Value = null
  let text = `${key}null`
  return (value) => {
    if (value !== latest) {
      latest = value
      text = key + write(value)
    }
    return text
  }
}

const quoted = (value: Value): string => (value === null ? 'null' : JSON.stringify(value))
// Decimals are numbers in JSON, digit by digit as they are stored.
const plain = (value: Value): string => (typeof value === 'number' ? plainDecimal(value) : String(value))

/** A header line, then a line for each row, by RFC 4180; null is empty. */
export function csvEncoder(columns: readonly TableColumn[]): TableEncoder<string> {
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: () => `${columns.map(({ name }) => name).join(',')}\r\n`,
    lot: (rows) => {
      let text = ''
      for (const row of rows) {
        for (let i = 0; i < columns.length; i++) text += (i === 0 ? '' : ',') + field(row[i] ?? null)
        text += '\r\n'
      }
      return text
    },
    tail: () => '',
  }
}

function field(value: Value): string {
  if (value === null) return ''
  if (typeof value !== 'string') return plain(value)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
