import { randomUUID } from 'node:crypto'
import { toIso } from '../../db/client.ts'
import type { Sql } from '../../db/client.ts'
import { insertAudit } from '../../db/queries/audit.ts'
import { clearKeys, insertKey, type KeyRow, listKeys, revokeKey } from '../../db/queries/api-keys.ts'
import type { Role } from '../../market/roles.ts'
import { hashOf, newKey } from './secrets.ts'

/* Keys as `ashare-sync key` makes and ends them, straight in the database. A service that runs follows at once. */

const DAY_MS = 86_400_000

/** Something that the caller of the command can mend; its message says how. */
export class KeyCommandError extends Error {
  override readonly name = 'KeyCommandError'
}

/** A key that was just made; `key` is stored nowhere. */
export interface MadeKey {
  name: string
  role: Role
  expires_at: string | null
  key: string
}

/**
 * Makes a key.
 *
 * @param wanted.days how long it lasts; undefined: for ever
 * @throws KeyCommandError when the name is none, or taken
 */
export async function makeKey(
  sql: Sql,
  wanted: { name: string; role: Role; days?: number | undefined },
  now = new Date(),
): Promise<MadeKey> {
  const { name, role, days } = wanted
  requireName(name)
  const expiresAt = days === undefined ? null : new Date(now.getTime() + days * DAY_MS).toISOString()
  const key = newKey()
  const row = await insertKey(sql, { name, role, hash: hashOf(key), expiresAt })
  if (!row) throw new KeyCommandError(`a key is named ${name} already: take another name, or revoke it first`)
  await note(sql, 'create', `name: ${name}, role: ${row.role}`)
  return { name, role, expires_at: expiresAt, key }
}

function requireName(name: string): void {
  if (/^[\w.-]{1,60}$/.test(name)) return
  throw new KeyCommandError(
    'NAME must be a name of up to 60 letters, digits, dots, hyphens and underscores, like grafana',
  )
}

/** A key as it is listed. */
export interface ListedKey {
  name: string
  role: Role
  /** `active`, `until 2026-11-20`, `expired` or `revoked` */
  state: string
  last_used_at: string | null
}

/** The keys that were made, in the order of their making. */
export async function madeKeys(sql: Sql, now = new Date()): Promise<ListedKey[]> {
  return (await listKeys(sql)).map((row) => ({
    name: row.name,
    role: row.role,
    state: stateOf(row, now),
    last_used_at: toIso(row.last_used_at),
  }))
}

const stateOf = ({ revoked_at: revoked, expires_at: expires }: KeyRow, now: Date): string => {
  if (revoked !== null) return 'revoked'
  if (expires === null) return 'active'
  return new Date(expires) > now ? `until ${expires.slice(0, 10)}` : 'expired'
}

/** Lets nobody in any more with a key. @throws KeyCommandError when there is none of that name */
export async function endKey(sql: Sql, name: string): Promise<void> {
  requireName(name)
  if (!(await revokeKey(sql, name))) throw new KeyCommandError(`no key that is not revoked is named ${name}`)
  await note(sql, 'revoke', `name: ${name}`)
}

/** Forgets all keys and sessions: on 127.0.0.1 nobody needs one then. @returns how many keys there were */
export async function forgetKeys(sql: Sql): Promise<number> {
  const count = await clearKeys(sql)
  await note(sql, 'clear', null)
  return count
}

/** Whoever has the database has no key to be known by, but the change stands beside those over HTTP. */
const note = (sql: Sql, command: string, summary: string | null): Promise<void> =>
  insertAudit(sql, {
    ...{ actor: 'command-line', role: 'admin', address: 'inside', requestId: randomUUID() },
    ...{ method: 'COMMAND', path: `key ${command}`, status: 200, summary },
  })
