import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'

/** What one trial came to. */
export interface Entry {
  kind: string
  passed: boolean
  /** The longest time in which nothing was committed, after the kill or after the return. */
  standstillMs: number
  /** How much longer the run took than an undisturbed one. */
  longerMs: number
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

/** `docs/chaos.md`: what was killed how often, and what came of it. */
export function writeReport(seed: number, entries: readonly Entry[]): void {
  const kinds = [...new Set(entries.map((entry) => entry.kind))]
  const rows = kinds.map((kind) => {
    const of = entries.filter((entry) => entry.kind === kind)
    const still = of.map((entry) => entry.standstillMs)
    const cells = [
      kind,
      of.length,
      of.filter((entry) => entry.passed).length,
      seconds(median(still)),
      seconds(Math.max(...still)),
      seconds(median(of.map((entry) => entry.longerMs))),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const text = `# Crash matrix

Written by \`npm run test:chaos\`; \`CHAOS_SEED=${seed} npm run test:chaos\` repeats the same moments.

Each trial is a full history of the sandbox market on the real process tree (supervisor, PostgreSQL, Temporal, worker, API,
upstream), in which one process is killed with \`kill -9\` at a random moment. The run has to end by itself with the hash over
every market table and the counters (total, done, inserted, updated, unchanged, rejected, cells, open failures) of an
undisturbed run; no other process may die of it, no source may rest, and the progress query may never be ahead of the
database. In an outage the server is stopped for a minute and comes back at the same address.

| killed | trials | passed | median recovery (s) | longest recovery (s) | run longer by (s, median) |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Recovery: the longest time after the kill (after the return, for outages) in which nothing was committed.

Seed ${seed}, ${new Date().toISOString().slice(0, 10)}; ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}.
`
  writeFileSync(join(import.meta.dirname, '../../docs/chaos.md'), text)
}
