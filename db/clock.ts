import type { Sql } from './client.ts'

/** The database's time in epoch milliseconds: rests and budgets are kept by it, and a process's own may differ. */
export async function databaseNow(sql: Sql): Promise<number> {
  const [row] = await sql<{ now: number }[]>`
    select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`
  return row?.now ?? Date.now()
}
