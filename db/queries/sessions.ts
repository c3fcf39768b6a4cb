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

/** The session of a cookie; null when it is over or never was. */
export async function findSession(sql: Sql, hash: string): Promise<SessionRow | null> {
  const [row] = await sql<SessionRow[]>`
    select key_hash, expires_at from api_session where hash = ${hash} and expires_at > now()`
  return row ?? null
}

export async function deleteSession(sql: Sql, hash: string): Promise<void> {
  await sql`delete from api_session where hash = ${hash}`
}

export async function deleteExpiredSessions(sql: Sql): Promise<number> {
  const { count } = await sql`delete from api_session where expires_at <= now()`
  return count
}
