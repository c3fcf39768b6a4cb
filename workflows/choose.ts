import type { SourceMode } from '../market/run-params.ts'
import type { SourcePlace } from './contract/messages.ts'

/**
 * Whether a place can take a batch: `free` at once; `busy`: it has its hands full, or its budget is back soon; `away`: it
 * rests, or its budget is away for long. `untilMs` is 0 where nobody knows.
 */
export interface Readiness {
  kind: 'free' | 'busy' | 'away'
  untilMs: number
}

/** What is to be done next: a batch on a place, or a batch that nobody is left for. */
export interface Choice {
  seq: number
  place: SourcePlace | null
}

interface Question {
  mode: SourceMode
  /** In the order in which they are wanted. */
  pending: readonly number[]
  /** The places that may do a batch, best first. */
  placesFor: (seq: number) => readonly SourcePlace[]
  readiness: (place: SourcePlace) => Readiness
  mayGiveUp: boolean
}

/**
 * The first batch that something can be done about.
 *
 * In `parallel` any free place takes it. Otherwise the best place that is there does: a better one that merely has its
 * hands full is waited for, and one that comes back gets the next batch. A batch that has to wait holds up no other.
 */
export function choose({ mode, pending, placesFor, readiness, mayGiveUp }: Question): Choice | null {
  const known = new Map<readonly SourcePlace[], SourcePlace | null>()
  for (const seq of pending) {
    const places = placesFor(seq)
    if (places.length === 0) {
      if (mayGiveUp) return { seq, place: null }
      continue
    }
    let place = known.get(places)
    if (place === undefined) known.set(places, (place = pick(mode, places, readiness)))
    if (place) return { seq, place }
  }
  return null
}

function pick(
  mode: SourceMode,
  places: readonly SourcePlace[],
  readiness: (place: SourcePlace) => Readiness,
): SourcePlace | null {
  for (const place of places) {
    const { kind } = readiness(place)
    if (kind === 'free') return place
    if (kind === 'busy' && mode !== 'parallel') return null
  }
  return null
}

/**
 * When the first of the batches may start: 0 when something can be done now or nobody knows, Infinity when there are none.
 */
export function earliestStart(question: Pick<Question, 'pending' | 'placesFor' | 'readiness'>): number {
  const lists = new Set(question.pending.map((seq) => question.placesFor(seq)))
  const times = [...lists].flatMap((places) =>
    places.length === 0 ? [0] : places.map((place) => question.readiness(place).untilMs),
  )
  return Math.min(Infinity, ...times)
}
