import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** A file's lines as fields, and where each column is. */
export interface Csv {
  readonly names: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Place of a column; throws when the file has no such column. */
  readonly column: (name: string) => number
}

/** Splits a line; a field in quotes may hold commas, a doubled quote in it is one quote. */
const splitQuoted = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((match) =>
    match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'),
  )

/** Reads `name.csv.gz` of the directory. */
export const readCsv = (directory: string, name: string): Csv => {
  const text = gunzipSync(readFileSync(join(directory, `${name}.csv.gz`))).toString()
  const [head = '', ...lines] = text.split('\n')
  const names = head.split(',')
  return {
    names,
    // Only company names are ever quoted: the hundreds of thousands of other lines take the fast way.
    rows: lines
      .filter((line) => line !== '')
      .map((line) => (line.includes('"') ? splitQuoted(line) : line.split(','))),
    column: (wanted) => {
      const at = names.indexOf(wanted)
      if (at < 0) throw new Error(`${name}.csv.gz has no column ${wanted}`)
      return at
    },
  }
}

/** The fields of the named columns, row by row, in the order of the names. */
export const pickColumns = (csv: Csv, names: readonly string[]): string[][] => {
  const places = names.map((name) => csv.column(name))
  return csv.rows.map((row) => places.map((at) => row[at] ?? ''))
}
