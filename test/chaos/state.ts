import type { Sql } from '../../db/client.ts'
import { openIndices } from '../../db/indices.ts'

/*
 * What a run leaves behind, as something that can be compared. Two runs over the same market must leave the same,
 * whatever was killed during one of them.
 */

// What tells one execution from another but says nothing of the market.
const INCIDENTAL = [
  ...['id', 'instrument_id', 'run_id', 'updated_at', 'created_at', 'checked_at'],
  ...['first_seen_at', 'last_seen_at', 'known_from', 'known_to'],
]

// Numbers of instruments have gaps where a transaction was undone: rows are named by the first code of theirs.
const TABLES = {
  instrument: 'id',
  instrument_code: 'instrument_id',
  stock_basic_info: 'instrument_id',
  trade_calendar: null,
  bars: 'instrument_id',
  adj_factor: 'instrument_id',
  suspension: 'instrument_id',
  revision: 'instrument_id',
  coverage: 'instrument_id',
  coverage_hole: 'instrument_id',
  day_gate: null,
} as const

/** A hash and a number of rows for every market table, and what is known of its completeness. */
export async function marketHashes(sql: Sql): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {}
  for (const [table, key] of Object.entries(TABLES)) {
    const code =
      key === null ? `''` : `(select min(c.code) from instrument_code c where c.instrument_id = t.${key})`
    const [row] = await sql.unsafe<{ n: number; hash: string | null }[]>(
      `select count(*)::int as n, md5(string_agg(line, E'\\n' order by line)) as hash
       from (select concat_ws(' ', ${code}, (to_jsonb(t) - $1::text[])::text) as line from ${table} t) lines`,
      [INCIDENTAL],
    )
    hashes[table] = `${row?.n ?? 0} rows ${row?.hash ?? ''}`
  }
  return hashes
}

export interface RunResult {
  status: string
  message: string | null
  total: number
  done: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
  cells: number
  open_failures: number
  failures_ever: number
  /** Sources that rested: none may for a fault of our own machines. */
  rests: number
  /** Whether the run's counters are the sums of its batches'. */
  sums: boolean
}

/** How a run ended; calls, retries and times are left out, since a killed process repeats what was in flight. */
export async function runResult(sql: Sql, runId: string): Promise<RunResult> {
  const [row] = await sql<RunResult[]>`
    select status, message, total, symbols_done as done, inserted, updated, unchanged, rejected, cells_done as cells,
      (select count(*)::int from sync_failure where run_id = r.id and resolved_at is null) as open_failures,
      (select count(*)::int from sync_failure where run_id = r.id) as failures_ever,
      (select count(*)::int from sync_log where run_id = r.id and message like '%rests%') as rests,
      (select (sum(inserted), sum(updated), sum(unchanged), sum(rejected), sum(calls), sum(cells_total), sum(cells_done))
         = (r.inserted, r.updated, r.unchanged, r.rejected, r.calls, r.cells_total, r.cells_done)
       from sync_batch where run_id = r.id) as sums
    from sync_run r where id = ${runId}`
  if (!row) throw new Error(`run ${runId} is gone`)
  return row
}

/** A market that nothing is known of yet but what every start makes sure of. */
export async function emptyDatabase(sql: Sql): Promise<void> {
  const tables = await sql<{ name: string }[]>`
    select quote_ident(relname) as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`
  await sql.unsafe(`truncate ${tables.map((t) => t.name).join(', ')} restart identity cascade`)
  await openIndices(sql)
}
