import { number } from '../local/words.ts'

/*
 * Texts on a terminal. Names of stocks, messages of upstreams and of servers come from elsewhere: what would steer a
 * terminal, or turn the direction of a line around, is shown as an escape.
 */

const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** One line that a terminal can only print. */
export const printable = (text: string): string =>
  text.replace(UNSAFE, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`)

// JSON escapes the first 32 characters itself.
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** JSON that a terminal can only print; the same value for whoever reads it. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    UNSAFE_IN_JSON,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The lines of a text, each made safe. */
export const printableLines = (text: string): string[] => text.split(/\r?\n/).map(printable)

// Two columns each: Chinese and full-width characters.
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g

const columns = (text: string): number => text.length + (text.match(WIDE)?.length ?? 0)
const padding = (text: string, width: number): string => ' '.repeat(Math.max(0, width - columns(text)))

export type Cell = string | number | boolean | null

const shown = (value: Cell): string => {
  if (value === null) return '-'
  if (typeof value === 'number') return number(value)
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : printable(value)
}

/** Rows under their heads, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = [head, ...rows.map((row) => row.map(shown))]
  const widths = head.map((_, column) => Math.max(...texts.map((row) => columns(row[column] ?? ''))))
  const isNumber = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const padded = (text: string, column: number): string => {
    const space = padding(text, widths[column] ?? 0)
    return isNumber[column] ? space + text : text + space
  }
  return texts.map((row) => `  ${row.map(padded).join('  ')}`.trimEnd())
}

/** Names and values below each other; null values are left out. */
export function fields(pairs: readonly (readonly [string, Cell])[]): string[] {
  const given = pairs.filter(([, value]) => value !== null)
  const width = Math.max(...given.map(([name]) => name.length))
  return given.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`)
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes in the unit that a person would take. */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power] ?? 'B'}`
}
