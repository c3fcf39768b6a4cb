import type { Role } from '../../market/roles.ts'
import type { Sql } from '../client.ts'
import { isUniqueViolation, withoutParameters } from '../errors.ts'

/** A key as it is shown; the key itself is stored nowhere. */
export interface KeyRow {
  id: number
  name: string
  role: Role
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  last_used_at: string | null
}

export interface ActiveKey {
  id: number
  name: string
  role: Role
  hash: string
}

/** Stores the hash of a new key; null when a key that is not revoked has the name. */
export async function insertKey(
  sql: Sql,
  key: { name: string; role: Role; hash: string; expiresAt: string | null },
): Promise<KeyRow | null> {
  try {
    const [row] = await sql<KeyRow[]>`
      insert into api_key (name, role, hash, expires_at) values (${key.name}, ${key.role}, ${key.hash}, ${key.expiresAt})
      returning id, name, role, created_at, expires_at, revoked_at, last_used_at`
    return row ?? null
  } catch (error) {
    if (isUniqueViolation(error, 'api_key_name')) return null
    throw withoutParameters(error)
  }
}

/** All keys that were ever made, in the order of their making. */
export async function listKeys(sql: Sql): Promise<KeyRow[]> {
  return await sql<KeyRow[]>`
    select id, name, role, created_at, expires_at, revoked_at, last_used_at from api_key order by id`
}

/** The key of that name lets nobody in any more; false when there is none. */
export async function revokeKey(sql: Sql, name: string): Promise<boolean> {
  const { count } =
    await sql`update api_key set revoked_at = now() where name = ${name} and revoked_at is null`
  return count > 0
}

/** Forgets all keys and sessions: a service without configured keys asks for none from then on. */
export async function clearKeys(sql: Sql): Promise<number> {
  return await sql.begin(async (tx) => {
    await tx`delete from api_session`
    const { count } = await tx`delete from api_key`
    return count
  })
}

/** The keys that let somebody in now, and whether any was ever made. */
export async function activeKeys(sql: Sql): Promise<{ made: boolean; keys: ActiveKey[] }> {
  const rows = await sql<(ActiveKey & { active: boolean })[]>`
    select id, name, role, hash, revoked_at is null and (expires_at is null or expires_at > now()) as active from api_key`
  return {
    made: rows.length > 0,
    keys: rows.filter(({ active }) => active).map(({ id, name, role, hash }) => ({ id, name, role, hash })),
  }
}

/** Notes that a key was used, at most once a minute: a read must not cost a write. */
export async function touchKey(sql: Sql, id: number): Promise<void> {
  await sql`
    update api_key set last_used_at = now()
    where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`
}
