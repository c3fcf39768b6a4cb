import { SOURCE_NAMES, type SourceName } from './sources.ts'

/** What is known of a source when the order is made. */
export interface RankEntry {
  source: SourceName
  /** As set; 1 is asked first. */
  priority: number
  /** A person wants this place in the order, whatever is measured. */
  pinned: boolean
  /** All of its sites rest; epoch milliseconds. */
  resting?: { untilMs: number; reason: string } | null
  /** Share of its recent calls that failed and of its recent rows that were rejected, from 0 to 1. */
  errorRate: number
  rejectRate: number
}

export interface RankedSource {
  source: SourceName
  /** Its place in the order, from 1. */
  rank: number
  /** Why it stands there, for people. */
  reason: string
}

// A source that fails this often costs more time in retries and rests than the next one takes.
const MOST_ERRORS = 0.2
// Healthy sources have next to no rejected rows: this is a change of format, or a site that serves nonsense.
const MOST_REJECTS = 0.01
// Behind every source of the default order, before those that a person put at the end.
const BEHIND = 10

/**
 * The order in which sources are asked.
 *
 * 1. Those that were asked for come first, in the order in which they were named.
 * 2. The others follow by priority; equal ones as in SOURCES.
 * 3. One that was neither asked for nor pinned and of whose recent calls more than 20 % failed, or of whose rows more than
 *    1 % were rejected, stands as if its priority were 10 lower.
 * 4. One that rests comes after all that do not, in the order of the same rules: when all rest, the best one is waited for.
 */
export function rankSources(
  entries: readonly RankEntry[],
  preferred: readonly SourceName[],
  now: Date,
): RankedSource[] {
  return entries
    .map((entry) => placeOf(entry, preferred, now))
    .sort((a, b) => compare(a.order, b.order))
    .map(({ source, reason }, i) => ({ source, rank: i + 1, reason }))
}

interface Placed {
  source: SourceName
  /** Compared one after the other, the lowest first. */
  order: readonly number[]
  reason: string
}

function placeOf(entry: RankEntry, preferred: readonly SourceName[], now: Date): Placed {
  const { source, priority, pinned } = entry
  const asked = preferred.indexOf(source)
  const problem = asked >= 0 || pinned ? null : problemOf(entry)
  const place = asked >= 0 ? 'asked for' : `priority ${priority}${pinned ? ', pinned' : ''}`
  const rests = restOf(entry, now)
  const troubles = [problem, rests].filter((trouble) => trouble !== null)
  return {
    source,
    order: [
      rests === null ? 0 : 1,
      asked >= 0 ? asked : preferred.length,
      priority + (problem === null ? 0 : BEHIND),
      SOURCE_NAMES.indexOf(source),
    ],
    reason: [place, ...(troubles.length > 0 ? [troubles.join(' and ')] : [])].join(', but '),
  }
}

const percent = (share: number): string => {
  const value = share * 100
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`
}

function problemOf({ errorRate, rejectRate }: RankEntry): string | null {
  if (errorRate > MOST_ERRORS) return `${percent(errorRate)} of its recent calls failed`
  if (rejectRate > MOST_REJECTS) return `${percent(rejectRate)} of its recent rows were rejected`
  return null
}

function restOf({ resting }: RankEntry, now: Date): string | null {
  if (!resting || resting.untilMs <= now.getTime()) return null
  const seconds = Math.ceil((resting.untilMs - now.getTime()) / 1_000)
  const left = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
  return `it rests for another ${left}${resting.reason === '' ? '' : `: ${resting.reason}`}`
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
