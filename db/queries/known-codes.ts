import type { Sql } from '../client.ts'

/** Those of some instruments that a source knows: its list names them, or it has brought a daily bar of them. */
export async function knownTo(sql: Sql, source: string, ids: readonly number[]): Promise<Set<number>> {
  const rows = await sql<{ id: number }[]>`
    select i as id from unnest(${ids as number[]}::int[]) i
    where exists (select from stock_basic_info s where s.source = ${source} and s.instrument_id = i)
      or exists (select from bars b where b.instrument_id = i and b.source = ${source} and b.period = 'daily')`
  return new Set(rows.map(({ id }) => id))
}

/**
 * Those of some instruments that a source does not know, by a list of its that is young enough to name them: it names one
 * that was listed on the same day or later.
 */
export async function unlistedBy(sql: Sql, source: string, ids: readonly number[]): Promise<Set<number>> {
  const rows = await sql<{ id: number }[]>`
    select i.id from instrument i
    where i.id = any(${ids as number[]}::int[])
      and i.list_date <= (select max(s.list_date) from stock_basic_info s where s.source = ${source})
      and not exists (select from stock_basic_info s where s.source = ${source} and s.instrument_id = i.id)
      and not exists (select from bars b where b.instrument_id = i.id and b.source = ${source} and b.period = 'daily')`
  return new Set(rows.map(({ id }) => id))
}
