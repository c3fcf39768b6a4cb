import type { Context } from 'hono'
import type { Role } from '../../market/roles.ts'
import { reaches } from '../../market/roles.ts'
import type { Sql } from '../../db/client.ts'
import { Problem } from '../problems.ts'
import { Buckets } from './buckets.ts'
import { addressOf, type Caller, type Identified, identify, knownKey, networkOf, shareOf } from './caller.ts'
import { Keyring, type KnownKey } from './keyring.ts'
import { SessionBook } from './session-book.ts'
import type { AccessSettings } from './settings.ts'

// Nobody guesses a key, with or without a limit; this keeps those who try from filling the log.
const FAILURES_PER_MINUTE = 10

const HOW = 'send one as `Authorization: Bearer KEY` or `X-API-Key`; `npm run key -- create NAME` makes it'
const challenge = (error: string) => ({ 'WWW-Authenticate': `Bearer realm="ashare-sync"${error}` })

/** Lets callers in, or says why not. */
export class Gate {
  readonly keyring: Keyring
  readonly #sessions: SessionBook
  readonly #failures = new Buckets(FAILURES_PER_MINUTE)
  readonly #changes: Buckets | null

  constructor(sql: Sql, settings: AccessSettings) {
    this.#sessions = new SessionBook(sql)
    this.keyring = new Keyring(sql, settings)
    this.#changes = settings.changesPerMinute > 0 ? new Buckets(settings.changesPerMinute) : null
  }

  /**
   * Who makes a request to a route for anyone. A key that lets nobody in counts as a wrong one here too: no route tells
   * strangers as often as they like whether a key is good.
   *
   * @throws Problem after too many wrong ones
   */
  async look(c: Context): Promise<Identified> {
    const found = await this.#identify(c)
    if (found.caller !== null || found.why === 'missing') return found
    const refusal = this.#refusal(c)
    if (refusal.code === 'too_many_failures') throw refusal
    return found
  }

  /** Who makes a request. @throws Problem for nobody, and for a key that lets nobody in */
  async admit(c: Context): Promise<Caller> {
    const found = await this.#identify(c)
    if (found.caller) return found.caller
    throw found.why === 'unknown' ? this.#refusal(c) : missing()
  }

  /** The key of that text. @throws Problem when it lets nobody in */
  async unlock(c: Context, key: string): Promise<KnownKey> {
    const known = await knownKey(this.keyring, key)
    if (!known) throw this.#refusal(c)
    return known
  }

  /** @throws Problem when the caller's role is too small */
  require(caller: Caller, least: Role): void {
    if (reaches(caller.role, least)) return
    throw new Problem(
      'role_too_small',
      `the key ${caller.name} is for a ${caller.role}, and this needs ${least === 'admin' ? 'an' : 'a'} ${least}: use another key`,
    )
  }

  /** Counts a request that changes something. @throws Problem when there were too many of this caller */
  countChange(c: Context, caller: Caller): void {
    const seconds = this.#changes?.take(shareOf(c, caller)) ?? 0
    if (seconds === 0) return
    throw new Problem(
      'too_many_changes',
      `too many changes within a minute (CHANGES_PER_MINUTE): try again in ${seconds} s`,
      {},
      { 'Retry-After': String(seconds) },
    )
  }

  #identify(c: Context): Promise<Identified> {
    return identify(c, { keyring: this.keyring, sessions: this.#sessions })
  }

  /** Only those who fail are counted and slowed: a good key of the same address goes on as if nothing were. */
  #refusal(c: Context): Problem {
    const seconds = this.#failures.take(networkOf(addressOf(c)))
    if (seconds > 0) {
      return new Problem(
        'too_many_failures',
        `too many wrong keys came from this address: try again in ${seconds} s`,
        {},
        { 'Retry-After': String(seconds) },
      )
    }
    return new Problem(
      'key_unknown',
      `no such key, or it was revoked or has expired: ${HOW}`,
      {},
      challenge(', error="invalid_token"'),
    )
  }
}

const missing = (): Problem =>
  new Problem('key_missing', `this service asks for a key: ${HOW}`, {}, challenge(''))
