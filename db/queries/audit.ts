import type { Sql } from '../client.ts'

export interface AuditEntry {
  actor: string
  role: string
  address: string
  requestId: string
  method: string
  path: string
  status: number
  summary: string | null
}

export interface AuditRow {
  id: number
  at: string
  actor: string
  role: string
  address: string
  request_id: string
  method: string
  path: string
  status: number
  summary: string | null
}

/** Keeps who asked for what and how it ended. */
export async function insertAudit(sql: Sql, entry: AuditEntry): Promise<void> {
  await sql`
    insert into audit_log (actor, role, address, request_id, method, path, status, summary)
    values (${entry.actor}, ${entry.role}, ${entry.address}, ${entry.requestId}, ${entry.method}, ${entry.path},
      ${entry.status}, ${entry.summary})`
}

/** Entries, newest first, before the one with the id `before`. */
export async function readAudit(
  sql: Sql,
  filter: {
    actor?: string | undefined
    since?: string | undefined
    before?: number | undefined
    limit: number
  },
): Promise<AuditRow[]> {
  const { actor = null, since = null, before = null, limit } = filter
  return await sql<AuditRow[]>`
    select id, at, actor, role, address, request_id, method, path, status, summary from audit_log
    where (${actor}::text is null or actor = ${actor}) and (${since}::timestamptz is null or at >= ${since}::timestamptz)
      and (${before}::bigint is null or id < ${before}::bigint)
    order by id desc limit ${limit}`
}
