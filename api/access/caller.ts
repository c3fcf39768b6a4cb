import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Role } from '../../market/roles.ts'
import type { KnownKey, Keyring } from './keyring.ts'
import { isOwnOrigin } from './hosts.ts'
import { hashOf } from './secrets.ts'
import type { SessionBook } from './session-book.ts'

/** Who makes a request. */
export interface Caller {
  name: string
  role: Role
  /** How that is known. `open`: nobody needs a key here. */
  by: 'open' | 'key' | 'session'
}

/** What a request brought: somebody, nobody, or a key that lets nobody in. */
export type Identified =
  { caller: Caller; sessionEndsAt: string | null } | { caller: null; why: 'missing' | 'unknown' }

export const SESSION_COOKIE = 'ashare_session'

// Longer than any key; what is longer is not worth hashing.
const MOST_CHARACTERS = 500

/** Everybody, while no key is needed. */
const LOCAL: Caller = { name: 'local', role: 'admin', by: 'open' }

/** The key in the headers of a request. */
function keyIn(c: Context): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
  const key = bearer ?? c.req.header('x-api-key')
  return key === undefined || key === '' ? null : key
}

const callerOf = (key: KnownKey, by: 'key' | 'session'): Caller => ({ name: key.name, role: key.role, by })

/** Finds the key of that text. */
export async function knownKey(keyring: Keyring, key: string): Promise<KnownKey | null> {
  if (key.length > MOST_CHARACTERS) return null
  const known = await keyring.find(hashOf(key))
  if (known) keyring.touch(known)
  return known
}

/** Where callers are looked up. */
interface Books {
  keyring: Keyring
  sessions: SessionBook
}

/** Finds out who makes a request. A key in a header counts before a cookie: whoever sends one means it. */
export async function identify(c: Context, { keyring, sessions }: Books): Promise<Identified> {
  const key = keyIn(c)
  if (key !== null) {
    const known = await knownKey(keyring, key)
    if (known) return { caller: callerOf(known, 'key'), sessionEndsAt: null }
    if ((await keyring.needed()) || isForwarded(c)) return { caller: null, why: 'unknown' }
    return { caller: LOCAL, sessionEndsAt: null }
  }
  const session = await sessionOf(c, { keyring, sessions })
  if (session) return session
  if ((await keyring.needed()) || isForwarded(c)) return { caller: null, why: 'missing' }
  return { caller: LOCAL, sessionEndsAt: null }
}

/** A proxy stands before us: whoever asks is not on this machine, whatever the connection says. */
export const isForwarded = (c: Context): boolean =>
  ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].some(
    (name) => c.req.header(name) !== undefined,
  )

async function sessionOf(c: Context, { keyring, sessions }: Books): Promise<Identified | null> {
  // SameSite knows neither ports nor subdomains: the cookie is for pages of this very origin.
  if (!isOwnOrigin(c.req.header('origin'), c.req.header('host'))) return null
  const token = getCookie(c, SESSION_COOKIE)
  if (token === undefined || token === '' || token.length > MOST_CHARACTERS) return null
  const session = await sessions.find(hashOf(token))
  const known = session && (await keyring.find(session.key_hash))
  return session && known ? { caller: callerOf(known, 'session'), sessionEndsAt: session.expires_at } : null
}

/** The connection that a request came over; null for one that was made within this process. */
function socketOf(c: Context): { remoteAddress?: string; destroy: () => void } | null {
  const env: unknown = c.env
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return null
  return (env as { incoming: { socket: { remoteAddress?: string; destroy: () => void } } }).incoming.socket
}

/** The address at the other end of the connection; `inside` for a request that was made within this process. */
export function addressOf(c: Context): string {
  const socket = socketOf(c)
  return socket === null ? 'inside' : (socket.remoteAddress ?? 'gone').replace(/^::ffff:(?=\d+\.)/, '')
}

/** Ends the connection of a request, whatever is still to be said on it. */
export const cutOff = (c: Context): void => socketOf(c)?.destroy()

/** Who shares a limit: one address, or the network of an IPv6 address, since one machine has all of that. */
export const networkOf = (address: string): string =>
  address.includes(':') ? address.split(':').slice(0, 4).join(':') : address

/** Who shares what there is little of: the holders of a key, or one network where no key is needed. */
export const shareOf = (c: Context, caller: Caller | undefined): string =>
  caller === undefined || caller.by === 'open' ? networkOf(addressOf(c)) : `key ${caller.name}`
