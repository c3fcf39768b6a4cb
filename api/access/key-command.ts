import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { toIso } from '../../db/client.ts'
import type { Sql } from '../../db/client.ts'
import { insertAudit } from '../../db/queries/audit.ts'
import { clearKeys, insertKey, type KeyRow, listKeys, revokeKey } from '../../db/queries/api-keys.ts'
import { isRole, type Role, ROLES } from '../../market/roles.ts'
import { hashOf, newKey } from './secrets.ts'

export const KEY_HELP = `npm run key -- COMMAND

  create NAME --role ${ROLES.join('|')} [--days N]   makes a key and shows it, this once
  list                                                   the keys that were made
  revoke NAME                                            it lets nobody in from now on
  clear                                                  forgets all keys and sessions: on 127.0.0.1 nobody needs one then
`

const DAY_MS = 86_400_000
const MOST_DAYS = 3_650

/** Something that the caller of the command can mend; its message says how. */
export class KeyCommandError extends Error {
  override readonly name = 'KeyCommandError'
}

/**
 * Carries out `npm run key`. A service that runs follows at once.
 *
 * @returns what to print; of `create` the key is the last line, by itself
 * @throws KeyCommandError
 */
export async function runKeyCommand(sql: Sql, args: readonly string[], now = new Date()): Promise<string> {
  const { positionals, values } = read(args)
  const [command, name, ...more] = positionals
  if (more.length > 0) throw new KeyCommandError(`too many words: ${more.join(' ')}\n\n${KEY_HELP}`)
  if (command === 'create') return await create(sql, nameFrom(name), values, now)
  if (command === 'revoke') return await revoke(sql, nameFrom(name))
  if (command === 'list') return table(await listKeys(sql), now)
  if (command === 'clear') return await clear(sql)
  throw new KeyCommandError(KEY_HELP)
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { role: { type: 'string' }, days: { type: 'string' } },
    })
  } catch (error) {
    throw new KeyCommandError(`${error instanceof Error ? error.message : String(error)}\n\n${KEY_HELP}`)
  }
}

function nameFrom(text: string | undefined): string {
  if (text !== undefined && /^[\w.-]{1,60}$/.test(text)) return text
  throw new KeyCommandError(
    'NAME must be a name of up to 60 letters, digits, dots, hyphens and underscores, like grafana',
  )
}

async function create(
  sql: Sql,
  name: string,
  { role, days }: { role?: string | undefined; days?: string | undefined },
  now: Date,
): Promise<string> {
  const expiresAt =
    days === undefined ? null : new Date(now.getTime() + daysFrom(days) * DAY_MS).toISOString()
  const key = newKey()
  const row = await insertKey(sql, { name, role: roleFrom(role), hash: hashOf(key), expiresAt })
  if (!row) throw new KeyCommandError(`a key is named ${name} already: take another name, or revoke it first`)
  await note(sql, 'create', `name: ${name}, role: ${row.role}`)
  const until = expiresAt === null ? '' : `, until ${expiresAt}`
  return `${name} (${row.role}${until}). It is shown this once and stored nowhere:\n${key}`
}

function roleFrom(text: string | undefined): Role {
  if (text !== undefined && isRole(text)) return text
  throw new KeyCommandError(`--role must be one of ${ROLES.join(', ')}`)
}

function daysFrom(text: string): number {
  const days = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
  if (days >= 1 && days <= MOST_DAYS) return days
  throw new KeyCommandError(`--days must be a whole number from 1 to ${MOST_DAYS}`)
}

async function revoke(sql: Sql, name: string): Promise<string> {
  if (await revokeKey(sql, name)) {
    await note(sql, 'revoke', `name: ${name}`)
    return `${name} lets nobody in any more`
  }
  throw new KeyCommandError(`no key that is not revoked is named ${name}`)
}

async function clear(sql: Sql): Promise<string> {
  const count = await clearKeys(sql)
  await note(sql, 'clear', null)
  return `${count} keys forgotten; those of API_KEYS stay`
}

/** Whoever has the database has no key to be known by, but the change stands beside those over HTTP. */
const note = (sql: Sql, command: string, summary: string | null): Promise<void> =>
  insertAudit(sql, {
    ...{ actor: 'command-line', role: 'admin', address: 'inside', requestId: randomUUID() },
    ...{ method: 'COMMAND', path: `key ${command}`, status: 200, summary },
  })

const stateOf = ({ revoked_at: revoked, expires_at: expires }: KeyRow, now: Date): string => {
  if (revoked !== null) return 'revoked'
  if (expires === null) return 'active'
  return new Date(expires) > now ? `until ${expires.slice(0, 10)}` : 'expired'
}

function table(rows: readonly KeyRow[], now: Date): string {
  if (rows.length === 0) return 'no key was made yet'
  const cells = rows.map((row) => [row.name, row.role, stateOf(row, now), toIso(row.last_used_at) ?? 'never'])
  const all = [['name', 'role', 'state', 'last used'], ...cells]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  return all
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
