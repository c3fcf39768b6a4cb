import type { Sql } from '../../db/client.ts'
import { Slots } from './slots.ts'

// Each holds one of the ten connections of the pool while it is read. Exports take minutes: they have their own.
const MAX_READS = 4
const MAX_EXPORTS = 2
const WAIT_MS = 30_000
const MAX_VERSIONS = 1_000

/** What the routes that answer with tables share. */
export interface Reads {
  slots: Slots
  /** For answers about the whole market over a range of dates. */
  exportSlots: Slots
  versions: KnownVersions
}

export const createReads = (sql: Sql): Reads => ({
  slots: new Slots({ count: MAX_READS, waitMs: WAIT_MS }),
  exportSlots: new Slots({ count: MAX_EXPORTS, waitMs: WAIT_MS }),
  versions: new KnownVersions(sql),
})

/**
 * The versions of the last answers, each with the snapshot of the database that it was found in: as long as the snapshot is
 * the same, nothing at all was written, and so the version stands.
 */
export class KnownVersions {
  readonly #sql: Sql
  readonly #known = new Map<string, { snapshot: string; version: string }>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Names what is visible in the database now: another one after every transaction that wrote something. */
  async snapshot(): Promise<string> {
    const [row] = await this.#sql<{ snapshot: string }[]>`select pg_current_snapshot()::text as snapshot`
    return row?.snapshot ?? ''
  }

  /** The version of the answer to a question; null when it has to be found out. */
  find(question: string, snapshot: string): string | null {
    const found = this.#known.get(question)
    return found?.snapshot === snapshot ? found.version : null
  }

  /** @param snapshot taken before the version was found: what was written in between makes another one */
  keep(question: string, snapshot: string, version: string): void {
    this.#known.delete(question)
    this.#known.set(question, { snapshot, version })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_VERSIONS && oldest !== undefined) this.#known.delete(oldest)
  }
}
