import type { Value } from '../../db/column-lot.ts'
import type { TableColumn } from './table.ts'
import type { TextBuffer } from './text-buffer.ts'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export const FIRST_ROW = bytesOf('\n{')
export const NEXT_ROW = bytesOf(',\n{')

/** Writes a value of a column, as JSON. */
export type Writer = (value: Value) => void

/** Writes the values of a column. Decimals are numbers in JSON, digit by digit as they are stored. */
export function jsonWriter({ type }: TableColumn, buffer: TextBuffer): Writer {
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
