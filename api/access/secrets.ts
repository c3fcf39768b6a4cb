import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Keys are told from other secrets, e.g. by scanners of repositories, by how they begin. */
const KEY_PREFIX = 'ask_'
const RANDOM_BYTES = 32

export const newKey = (): string => `${KEY_PREFIX}${randomBytes(RANDOM_BYTES).toString('base64url')}`

/** What the cookie of a session holds. */
export const newSessionToken = (): string => randomBytes(RANDOM_BYTES).toString('base64url')

/**
 * What is stored of a key or a session, in hex. One round of SHA-256 without salt: a slow hash makes guessing dear where
 * people choose short secrets, and 256 random bits cannot be guessed at any price, while every request would pay.
 */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** The one whose hash this is. All are compared whole, so that the time tells neither how much fits nor which. */
export function findByHash<T extends { hash: string }>(known: readonly T[], hash: string): T | null {
  const wanted = Buffer.from(hash)
  let found: T | null = null
  for (const one of known) {
    const own = Buffer.from(one.hash)
    if (own.length === wanted.length && timingSafeEqual(own, wanted)) found = one
  }
  return found
}
