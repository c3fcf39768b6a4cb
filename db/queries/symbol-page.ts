import type { Sql } from '../client.ts'

/** A page of the stock list in the order of the codes. */
export async function symbolPage(
  sql: Sql,
  { limit, offset }: { limit: number; offset: number },
): Promise<string[]> {
  const rows = await sql<{ symbol: string }[]>`
    select symbol from stock_best order by symbol limit ${limit} offset ${offset}`
  return rows.map(({ symbol }) => symbol)
}

/** Rows of a dataset that a run received, whether they changed anything or not. */
export async function rowsOfRun(sql: Sql, runId: string, dataset: string): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`
    select coalesce(sum(inserted + updated + unchanged), 0)::int as rows from sync_run_source
    where run_id = ${runId} and dataset = ${dataset}`
  return row?.rows ?? 0
}
