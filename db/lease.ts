import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from './client.ts'
import { withoutParameters } from './errors.ts'

/*
 * The right to be the only one over all workers, as a row in PostgreSQL.
 *
 * A holder renews its row every few seconds; a row that was not renewed for the ttl is free. So a killed holder delays the
 * next one by the ttl at most. All times in the row are the database's. The holder itself reckons from the moment when it
 * *sent* its last good renewal, by its own steady clock: the row holds at least that long, so a holder that cannot reach
 * the database stops before anybody else starts.
 *
 * Who waits polls and says so in the row; the holder reads it with each renewal. A newcomer lets those who wait already go
 * first, so that a holder which comes back at once does not keep the right for ever.
 */

/** The right to be the only one; the form that sources/contract.ts asks for. */
export interface Lease {
  /** Waits for the right. Rejects when `signal` aborts or the database cannot be asked. */
  acquire(signal: AbortSignal): Promise<LeaseHold>
}

export interface LeaseHold {
  /** Aborted when the right was lost: whoever held it must stop at once. */
  readonly lost: AbortSignal
  /** True while somebody else waits for it, as of the last renewal. */
  readonly wanted: boolean
  /** Gives the right back. Never rejects: at worst the row runs out by itself. */
  release(): Promise<void>
}

export interface LeaseOptions {
  /** The holder in words, for people who look into the table. */
  label: string
  /** How long the row holds without a renewal. */
  ttlMs?: number
  renewMs?: number
}

/** How long a row holds without a renewal, where nobody says otherwise; nobody says more. */
export const LEASE_MS = 30_000
const POLL_MS = 250
const POLL_JITTER_MS = 50
// Longer than any poll of those who wait already.
const NEWCOMER_MS = 400
// Somebody waits as long as this was renewed; several polls long, so that a slow one does not look like giving up.
const WANTED_FOR = '2 seconds'
// Before the row runs out, for the holder to end its connection: a sixth of the ttl, and never more than it needs.
const marginOf = (ttlMs: number): number => Math.min(5_000, ttlMs / 6)
// After a renewal that failed: the database may be back any moment.
const RENEW_AGAIN_MS = 500

/** The right of that name; each `acquire` is a contender of its own, also within one process. */
export function createLease(sql: Sql, name: string, options: LeaseOptions): Lease {
  const terms: Terms = { ttlMs: LEASE_MS, renewMs: 5_000, ...options }
  return {
    acquire: async (signal) => {
      const holder = randomUUID()
      for (let tries = 0; ; tries++) {
        signal.throwIfAborted()
        const sentAt = performance.now()
        if (await take(sql, name, holder, terms, tries === 0)) {
          const hold = new Hold(sql, name, holder, terms, sentAt)
          if (!signal.aborted) return hold
          await hold.release()
          signal.throwIfAborted()
        }
        const pause = tries === 0 ? NEWCOMER_MS : POLL_MS + Math.random() * POLL_JITTER_MS
        await sleep(pause, undefined, { signal })
      }
    },
  }
}

type Terms = Required<LeaseOptions>

/** Takes the row when it is free, else says that it is wanted. */
async function take(
  sql: Sql,
  name: string,
  holder: string,
  { ttlMs, label }: Terms,
  isNewcomer: boolean,
): Promise<boolean> {
  try {
    const taken = await sql`
      insert into source_lease as l (name, holder, label, until)
      values (${name}, ${holder}, ${label}, clock_timestamp() + make_interval(secs => ${ttlMs / 1000}))
      on conflict (name) do update set holder = excluded.holder, label = excluded.label, until = excluded.until, wanted_until = null
      where l.until <= clock_timestamp() and not (${isNewcomer} and coalesce(l.wanted_until > clock_timestamp(), false))`
    if (taken.count > 0) return true
    await sql`update source_lease set wanted_until = clock_timestamp() + ${WANTED_FOR}::interval where name = ${name}`
    return false
  } catch (error) {
    throw withoutParameters(error)
  }
}

class Hold implements LeaseHold {
  readonly #sql: Sql
  readonly #name: string
  readonly #holder: string
  readonly #terms: Terms
  readonly #lost = new AbortController()
  #wanted = false
  #ended = false
  #released = false
  #renewal: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined

  constructor(sql: Sql, name: string, holder: string, terms: Terms, sentAt: number) {
    this.#sql = sql
    this.#name = name
    this.#holder = holder
    this.#terms = terms
    this.#holdFrom(sentAt)
    this.#renewIn(terms.renewMs)
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get wanted(): boolean {
    return this.#wanted
  }

  async release(): Promise<void> {
    if (this.#released) return
    this.#released = true
    this.#end()
    // Those who wait keep their turn: `wanted_until` stays.
    await this.#sql`
      update source_lease set until = clock_timestamp() where name = ${this.#name} and holder = ${this.#holder}`.catch(
      () => undefined,
    )
  }

  #holdFrom(sentAt: number): void {
    clearTimeout(this.#deadline)
    const left = sentAt + this.#terms.ttlMs - marginOf(this.#terms.ttlMs) - performance.now()
    const lose = () => this.#lose('the database could not be reached for too long')
    if (left <= 0) return lose()
    this.#deadline = setTimeout(lose, left)
    this.#deadline.unref()
  }

  #renewIn(ms: number): void {
    if (this.#ended) return
    this.#renewal = setTimeout(() => void this.#renew(), ms)
    this.#renewal.unref()
  }

  async #renew(): Promise<void> {
    const sentAt = performance.now()
    // A row that has run out is not renewed: somebody may be about to take it.
    const renewed = await this.#sql<{ wanted: boolean }[]>`
      update source_lease set until = clock_timestamp() + make_interval(secs => ${this.#terms.ttlMs / 1000})
      where name = ${this.#name} and holder = ${this.#holder} and until > clock_timestamp()
      returning coalesce(wanted_until > clock_timestamp(), false) as wanted`.catch(() => null)
    if (this.#ended) return
    if (renewed === null) return this.#renewIn(Math.min(this.#terms.renewMs, RENEW_AGAIN_MS))
    const [row] = renewed
    if (!row) return this.#lose('somebody else holds it')
    this.#wanted = row.wanted
    this.#holdFrom(sentAt)
    this.#renewIn(this.#terms.renewMs)
  }

  #lose(why: string): void {
    this.#end()
    this.#lost.abort(new Error(`the right to ${this.#name} was lost: ${why}`))
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#renewal)
    clearTimeout(this.#deadline)
  }
}
