import { activeKeys, touchKey } from '../../db/queries/api-keys.ts'
import type { Sql } from '../../db/client.ts'
import type { Role } from '../../market/roles.ts'
import { findByHash, hashOf } from './secrets.ts'
import type { AccessSettings } from './settings.ts'

export interface KnownKey {
  name: string
  role: Role
  hash: string
  /** Null for a key of the configuration. */
  id: number | null
}

interface Stored {
  made: boolean
  keys: KnownKey[]
}

// For how long what was read of the stored keys is believed: one small query in 50 ms however many requests come, and a
// key that was made, revoked or has expired is noticed before the command that did it has ended.
const BELIEVED_MS = 50
const TOUCH_EVERY_MS = 60_000

/** All keys that let somebody in: those of the configuration and those of the database. */
export class Keyring {
  readonly #sql: Sql
  readonly #configured: readonly KnownKey[]
  readonly #openWithoutKeys: boolean
  readonly #touched = new Map<number, number>()
  #read: { at: number; stored: Promise<Stored> } | null = null
  #wasMade = false

  constructor(sql: Sql, { keys, openWithoutKeys }: AccessSettings) {
    this.#sql = sql
    this.#openWithoutKeys = openWithoutKeys
    this.#configured = keys.map(({ name, role, key }) => ({
      name,
      role,
      hash: hashOf(key.reveal()),
      id: null,
    }))
  }

  /**
   * True once there is a key. Keys that were revoked or have expired count: taking the last one away must not open the
   * service to everybody who reaches it.
   */
  async needed(): Promise<boolean> {
    return this.#configured.length > 0 || !this.#openWithoutKeys || (await this.#stored()).made
  }

  /** The same as far as this process knows: while the database is away, what was found there last counts. */
  get neededLast(): boolean {
    return this.#configured.length > 0 || !this.#openWithoutKeys || this.#wasMade
  }

  /** The key with that hash. Configured ones are found without the database. */
  async find(hash: string): Promise<KnownKey | null> {
    return findByHash(this.#configured, hash) ?? findByHash((await this.#stored()).keys, hash)
  }

  /** Notes that a key was used; whoever waits for an answer does not wait for this. */
  touch({ id }: KnownKey): void {
    if (id === null || performance.now() - (this.#touched.get(id) ?? -Infinity) < TOUCH_EVERY_MS) return
    this.#touched.set(id, performance.now())
    // When it was used last is a hint for people, and the request itself will tell that the database is away.
    touchKey(this.#sql, id).catch(() => undefined)
  }

  /** What was read is out of date: a key was made or revoked here. */
  forget(): void {
    this.#read = null
  }

  #stored(): Promise<Stored> {
    const now = performance.now()
    if (this.#read !== null && now - this.#read.at < BELIEVED_MS) return this.#read.stored
    const stored = activeKeys(this.#sql)
    const read = { at: now, stored }
    this.#read = read
    stored.then(
      ({ made }) => (this.#wasMade = made),
      // A failure is not believed by the next one who asks.
      () => {
        if (this.#read === read) this.#read = null
      },
    )
    return stored
  }
}
