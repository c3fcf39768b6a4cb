import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline, Transform } from 'node:stream'
import { TextDecoder } from 'node:util'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { ImportRefused, wordsOf } from './refused.ts'
import { type Cells, LOT_ROWS, type RowStream } from './row-stream.ts'

export interface CsvOptions {
  isGzip: boolean
  /** A name that TextDecoder knows; Excel in China writes gb18030. */
  encoding: string
  delimiter: string
}

// A line of market data has some hundred characters: what is longer is no CSV.
const MAX_LINE = 20_000

/** A CSV file whose first line names the columns. */
export async function openCsv(path: string, options: CsvOptions): Promise<RowStream> {
  const label = basename(path)
  const [header] = await firstOf(readRecords(path, options, 1))
  if (header === undefined) throw new ImportRefused(`${label} is empty`)
  const columns = header.map((name) => name.trim())
  const [only = ''] = columns
  if (columns.length === 1 && /[;\t|]/.test(only))
    throw new ImportRefused(
      `${label} has one column, ${JSON.stringify(only.slice(0, 60))}: name its delimiter, like --delimiter ';'`,
    )
  return {
    label,
    columns,
    lots: (wanted) => lotsOf(readRecords(path, options), wanted),
    close: () => Promise.resolve(),
  }
}

async function firstOf<T>(records: AsyncGenerator<T>): Promise<T[]> {
  for await (const record of records) return [record]
  return []
}

async function* lotsOf(
  records: AsyncGenerator<string[]>,
  wanted: readonly number[],
): AsyncGenerator<Cells[]> {
  let lot: Cells[] = []
  let isHeader = true
  for await (const record of records) {
    if (isHeader) {
      isHeader = false
      continue
    }
    lot.push(wanted.map((place) => record[place]))
    if (lot.length < LOT_ROWS) continue
    yield lot
    lot = []
  }
  if (lot.length > 0) yield lot
}

async function* readRecords(
  path: string,
  { isGzip, encoding, delimiter }: CsvOptions,
  to?: number,
): AsyncGenerator<string[]> {
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    max_record_size: MAX_LINE,
    ...(to === undefined ? {} : { to }),
  })
  const steps = [createReadStream(path), ...(isGzip ? [createGunzip()] : []), decoder(encoding), parser]
  // Whatever goes wrong on the way ends the parser with it, and the loop below throws.
  pipeline(steps, () => undefined)
  try {
    for await (const record of parser) yield record as string[]
  } catch (error) {
    throw new ImportRefused(`${basename(path)}: ${csvTrouble(error, encoding)}`)
  }
}

function csvTrouble(error: unknown, encoding: string): string {
  if (error instanceof CsvError) return `no readable CSV: ${error.message}`
  const code = (error as { code?: unknown }).code
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return `its bytes are no ${encoding} text; a file of Excel in China is read with --encoding gb18030`
  if (code === 'Z_BUF_ERROR')
    return 'it ends in the middle of its compressed data: it was not copied or written whole'
  return `it cannot be read to its end: ${wordsOf(error)}`
}

/** Bytes → text; bytes that are none of the encoding are an error, never a question mark. */
function decoder(encoding: string): Transform {
  const text = textDecoder(encoding)
  return new Transform({
    readableObjectMode: false,
    transform(chunk: Buffer, _, done) {
      try {
        const piece = text.decode(chunk, { stream: true })
        if (piece.includes('\0')) throw new ImportRefused('it holds zero bytes: it is no text file')
        done(null, piece)
      } catch (error) {
        done(error as Error)
      }
    },
    flush(done) {
      try {
        done(null, text.decode())
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

function textDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true })
  } catch {
    throw new ImportRefused(`no encoding has the name ${encoding}: try utf-8 or gb18030`)
  }
}
