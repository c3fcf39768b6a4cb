import { createHash } from 'node:crypto'
import type { Sql } from '../client.ts'
import type { Fragment } from './region.ts'

/** A short text that is equal for equal parts. */
export const hashOf = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url')

/**
 * Changes with every write to rows of a table: their count and the sum of the transactions that wrote them. A changed row has
 * a later transaction, and one row less is one less.
 *
 * @param where of the table as `t`; all rows when it is left out
 */
export async function rowsVersion(sql: Sql, table: string, where?: Fragment): Promise<string> {
  const [row] = await sql<{ count: number; writers: string | null }[]>`
    select sum(rows)::bigint as count, sum(rows * writer::text::bigint)::text as writers from (
      select t.xmin as writer, count(*) as rows from ${sql(table)} t ${where ? sql`where ${where}` : sql``} group by 1
    ) t`
  return `${row?.count ?? 0} ${row?.writers ?? ''}`
}
