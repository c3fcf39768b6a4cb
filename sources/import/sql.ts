import postgres from 'postgres'
import { ImportRefused, wordsOf } from './refused.ts'
import { type Cells, LOT_ROWS, type RowStream } from './row-stream.ts'

// Dates and times as the server writes them: the driver would make moments of them, in the zone of this machine.
const asText = (from: number[]) => ({
  to: from[0] ?? 0,
  from,
  serialize: String,
  parse: (value: string) => value,
})
const TYPES = { int8: asText([20]), dates: asText([1082]), moments: asText([1114, 1184]) }

const CONNECT_SECONDS = 15
// A query over a whole history may sort it first.
const STATEMENT_MS = 3_600_000

/** The rows of a query against a PostgreSQL of the user's, over a connection that can only read. */
export async function openQuery(url: string, query: string): Promise<RowStream> {
  const { host, pathname } = new URL(url)
  const label = `${host}${pathname}`
  const sql = postgres(url, {
    max: 1,
    types: TYPES,
    connect_timeout: CONNECT_SECONDS,
    onnotice: () => undefined,
    connection: {
      application_name: 'ashare-sync import',
      default_transaction_read_only: true,
      statement_timeout: STATEMENT_MS,
    },
  })
  const refused = (error: unknown) => new ImportRefused(`the query at ${label} failed: ${wordsOf(error)}`)
  try {
    const { columns } = await sql.unsafe(query).describe()
    return {
      label,
      columns: columns.map(({ name }) => name),
      lots: (wanted) => lotsOf(sql, query, wanted, refused),
      close: () => sql.end({ timeout: 5 }),
    }
  } catch (error) {
    await sql.end({ timeout: 5 })
    throw refused(error)
  }
}

async function* lotsOf(
  sql: postgres.Sql,
  query: string,
  wanted: readonly number[],
  refused: (error: unknown) => ImportRefused,
): AsyncGenerator<Cells[]> {
  try {
    const rows = sql.unsafe(query).values().cursor(LOT_ROWS) as AsyncIterable<unknown[][]>
    for await (const lot of rows) yield lot.map((cells) => wanted.map((place) => cells[place]))
  } catch (error) {
    throw error instanceof ImportRefused ? error : refused(error)
  }
}
