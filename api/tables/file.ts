import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createEncoder, type Format } from './formats.ts'
import { encodeTable } from './stream.ts'
import type { Table, TableAbout } from './table.ts'

/**
 * Writes a table into a file, a piece at a time; one that is there is written over.
 *
 * @param options.signal aborted: the reading stops, and what is written so far is no whole file
 * @returns rows and bytes
 */
export async function writeTable(
  table: Table,
  path: string,
  options: { format: Format; about: TableAbout; signal?: AbortSignal },
): Promise<{ rows: number; bytes: number }> {
  const encoder = await createEncoder(options.format, table.columns, options.about)
  let rows = 0
  const counted: Table = {
    columns: table.columns,
    rows: async function* () {
      for await (const lot of table.rows()) {
        rows += lot.length
        yield lot
      }
    },
  }
  const file = createWriteStream(path)
  const source = Readable.from(encodeTable(counted, encoder), { objectMode: true, highWaterMark: 1 })
  await pipeline(source, file, options.signal === undefined ? {} : { signal: options.signal })
  return { rows, bytes: file.bytesWritten }
}
