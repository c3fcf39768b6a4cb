import type { Sql, Tx } from '../client.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Keeps a key line of a run, or of what no run was made for. Callers hand over texts without secrets. */
export async function logRun(
  sql: Sql | Tx,
  line: { runId: string | null; level: LogLevel; message: string; details?: object },
): Promise<void> {
  await sql`insert into sync_log (run_id, level, message, details)
    values (${line.runId}, ${line.level}, ${line.message.slice(0, 2_000)}, ${line.details ? sql.json(line.details as never) : null})`
}

export interface LogRow {
  id: number
  run_id: string | null
  at: string
  level: LogLevel
  message: string
  details: unknown
}

/** Lines of a run in order, after the one with the id `after`. */
export async function readLogs(
  sql: Sql,
  filter: { runId: string; after?: number; limit: number },
): Promise<LogRow[]> {
  return await sql<LogRow[]>`
    select id, run_id, at, level, message, details from sync_log where run_id = ${filter.runId} and id > ${filter.after ?? 0}
    order by id limit ${filter.limit}`
}

/** A numbered page of the lines of all runs, newest first, and how many there are in all. */
export async function pageLogs(
  sql: Sql,
  filter: {
    runId?: string | undefined
    level?: LogLevel | undefined
    /** An instant. */
    since?: string | undefined
    page: number
    size: number
  },
): Promise<{ rows: LogRow[]; total: number }> {
  const { runId = null, level = null, since = null, page, size } = filter
  const chosen = sql`(${runId}::uuid is null or run_id = ${runId}) and (${level}::text is null or level = ${level})
    and (${since}::timestamptz is null or at >= ${since})`
  const rows = await sql<LogRow[]>`
    select id, run_id, at, level, message, details from sync_log where ${chosen}
    order by id desc limit ${size} offset ${(page - 1) * size}`
  const [row] = await sql<{ total: number }[]>`select count(*)::int as total from sync_log where ${chosen}`
  return { rows, total: row?.total ?? 0 }
}
