import type { Sql } from './client.ts'

/** What was measured at a place since it was written last. */
export interface HealthSamples {
  calls: number
  /** Calls whose rows were judged, and the mean share of them that was rejected. */
  judgedCalls: number
  rejectedShare: number
  /** Of the newest call that was timed. */
  latencyMs: number | null
}

// A batch is over every second or so in each lane: this keeps the one row of a place from being written for each.
const WRITE_EVERY_MS = 2_000

const NONE: HealthSamples = { calls: 0, judgedCalls: 0, rejectedShare: 0, latencyMs: null }

interface Pending {
  samples: HealthSamples
  /** Milliseconds of this process's own clock from which the next sample is written. */
  dueAt: number
}

// Per pool, so that two databases in one process (tests, tools) do not mix.
const pendingOf = new WeakMap<Sql, Map<string, Pending>>()

function entryOf(sql: Sql, key: string): Pending {
  const places = pendingOf.get(sql) ?? new Map<string, Pending>()
  pendingOf.set(sql, places)
  const pending = places.get(key) ?? { samples: NONE, dueAt: 0 }
  places.set(key, pending)
  return pending
}

/** Adds a sample. Gives everything that has to be written now, or null while that can wait. */
export function addSample(
  sql: Sql,
  key: string,
  sample: { calls: number; rejectedShare?: number; latencyMs?: number },
): HealthSamples | null {
  const pending = entryOf(sql, key)
  const { samples } = pending
  const judged = sample.rejectedShare === undefined ? 0 : sample.calls
  const judgedCalls = samples.judgedCalls + judged
  const rejected = samples.rejectedShare * samples.judgedCalls + (sample.rejectedShare ?? 0) * judged
  const all: HealthSamples = {
    calls: samples.calls + sample.calls,
    judgedCalls,
    rejectedShare: judgedCalls === 0 ? 0 : rejected / judgedCalls,
    latencyMs: sample.latencyMs ?? samples.latencyMs,
  }
  const now = performance.now()
  const isDue = now >= pending.dueAt
  pending.samples = isDue ? NONE : all
  if (!isDue) return null
  pending.dueAt = now + WRITE_EVERY_MS
  return all
}

/** Lets the next sample be written at once: it closes a breaker. */
export function writeNextSample(sql: Sql, key: string): void {
  entryOf(sql, key).dueAt = 0
}
