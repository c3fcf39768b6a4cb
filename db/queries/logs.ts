import type { Sql, Tx } from '../client.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Keeps a key line of a run. Callers hand over texts without secrets. */
export async function logRun(
  sql: Sql | Tx,
  line: { runId: string; level: LogLevel; message: string; details?: object },
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
