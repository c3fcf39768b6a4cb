import { createHash } from 'node:crypto'

/** One call as the server saw it. */
export interface Call {
  /** Counts up from 1. */
  readonly seq: number
  /** Milliseconds since 1970, when the request was complete. */
  readonly at: number
  readonly api: string
  /** First 8 hex digits of the token's SHA-256: enough to tell tokens apart, useless to an attacker. */
  readonly token: string
  readonly params: Readonly<Record<string, string>>
  /** Rows served. */
  readonly rows: number
  readonly hasMore: boolean
  /** `ok`, a refusal's outcome, or `fault:<kind>`. */
  readonly outcome: string
  /** Time spent on the answer, without injected latency, in ms. */
  readonly ms: number
  /** Which of the upstream's connections it came on, counted from 1, where an upstream cares. */
  readonly connection?: number
}

export interface ApiStats {
  calls: number
  ok: number
  rows: number
  /** Calls by outcome other than `ok`. */
  readonly other: Record<string, number>
}

export interface JournalStats {
  readonly total: number
  readonly byApi: Readonly<Record<string, ApiStats>>
  /** The newest calls, oldest first; at most KEPT. */
  readonly calls: readonly Call[]
}

export interface Journal {
  readonly add: (call: Omit<Call, 'seq'>) => void
  /** `since`: only calls with a greater seq. Totals are always of the whole life. */
  readonly stats: (since?: number) => JournalStats
}

// A call that names 500 codes takes 5 KB: this stays below 200 MB at the very worst. Totals are never forgotten.
const KEPT = 20_000

export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('hex').slice(0, 8)

/** Remembers the calls of one server. */
export const createJournal = (): Journal => {
  let calls: Call[] = []
  let total = 0
  const byApi: Record<string, ApiStats> = {}
  return {
    add: (call) => {
      total += 1
      calls.push({ seq: total, ...call })
      if (calls.length > 2 * KEPT) calls = calls.slice(-KEPT)
      const stats = (byApi[call.api] ??= { calls: 0, ok: 0, rows: 0, other: {} })
      stats.calls += 1
      stats.rows += call.rows
      if (call.outcome === 'ok') stats.ok += 1
      else stats.other[call.outcome] = (stats.other[call.outcome] ?? 0) + 1
    },
    stats: (since = 0) => ({
      total,
      byApi: structuredClone(byApi),
      calls: calls.filter((call) => call.seq > since).slice(-KEPT),
    }),
  }
}
