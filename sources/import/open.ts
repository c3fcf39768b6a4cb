import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { openCsv } from './csv.ts'
import { openParquet } from './parquet.ts'
import { ImportRefused, wordsOf } from './refused.ts'
import type { RowStream } from './row-stream.ts'
import { openQuery } from './sql.ts'

export interface OpenOptions {
  /** For an address of a database. */
  query?: string | undefined
  encoding?: string | undefined
  delimiter?: string | undefined
}

/** Opens a file by what it holds, whatever its name ends with, or a query by the address of its database. */
export async function openRows(target: string, options: OpenOptions = {}): Promise<RowStream> {
  if (/^postgres(ql)?:\/\//.test(target)) {
    if (!URL.canParse(target)) throw new ImportRefused('the address of the database cannot be read')
    if (options.query === undefined)
      throw new ImportRefused("an address of a database needs a query, like --query 'select * from daily'")
    return await openQuery(target, options.query)
  }
  // Not repeated: it may hold a password.
  if (/^[a-z+]+:\/\//i.test(target))
    throw new ImportRefused(
      'of databases only PostgreSQL can be read: an address like postgres://user@host/database',
    )
  if (options.query !== undefined)
    throw new ImportRefused('--query needs the address of a database, not a file')
  const start = await firstBytes(target)
  const magic = start.toString('latin1')
  if (magic === 'PAR1') return await openParquet(target)
  if (magic === 'ARRO')
    throw new ImportRefused(`${basename(target)} is an Arrow file: give the rows as Parquet or CSV`)
  if (magic.startsWith('PK'))
    throw new ImportRefused(`${basename(target)} is a ZIP or Excel file: give the CSV that is in it`)
  const { encoding = 'utf-8', delimiter = ',' } = options
  return await openCsv(target, { isGzip: start[0] === 0x1f && start[1] === 0x8b, encoding, delimiter })
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw new ImportRefused(`${path} cannot be read: ${wordsOf(error)}`)
  }
}
