import type { Sql } from '../client.ts'

export interface SessionRow {
  key_hash: string
  expires_at: string
}

/** Opens a session for the holder of a key. */
export async function insertSession(
  sql: Sql,
  session: { hash: string; keyHash: string; seconds: number },
): Promise<SessionRow> {
  const [row] = await sql<SessionRow[]>`
    insert into api_session (hash, key_hash, expires_at)
    values (${session.hash}, ${session.keyHash}, now() + make_interval(secs => ${session.seconds}))
    returning key_hash, expires_at`
  if (!row) throw new Error('the session was not stored')
  return row
}

/** The sessions of cookies, by hash; none for those that are over or never were. */
export async function findSessions(sql: Sql, hashes: readonly string[]): Promise<Map<string, SessionRow>> {
  const rows = await sql<(SessionRow & { hash: string })[]>`
    select hash, key_hash, expires_at from api_session
    where hash = any(${hashes as string[]}::text[]) and expires_at > now()`
  return new Map(rows.map((row) => [row.hash, row]))
}

/** Ends a session; nothing when it has ended already. */
export async function deleteSession(sql: Sql, hash: string): Promise<void> {
  await sql`delete from api_session where hash = ${hash}`
}
