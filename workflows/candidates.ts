import { SOURCE_ERRORS } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import type { SourcePlace } from './contract/messages.ts'
import type { Trouble } from './trouble.ts'

/*
 * Which sources may do which batch of one dataset, from what became of the tries so far.
 *
 * For a batch a source is
 *   fresh → tired when it refused the batch as such, or failed on it twice though it was up: the others are asked first
 *   tired → fresh again in effect when no other is left: then the batch is isolated there
 *   out   when it failed on it three times, or does not serve it
 *
 * For the whole dataset a source is left out when it may not or cannot serve it, or refused batch after batch and never
 * served one: then it is the interface, not the symbols.
 */

// Failures of a batch at the same cursor: the second one tires the source, one more ends it.
const TIRING_STRIKE = 2
// One refused batch may be the batch's own fault; a second one is not.
const REFUSALS = 2

interface Standing {
  strikes: number
  cursor: number
  state: 'fresh' | 'tired' | 'out'
  trouble: Trouble
  /** When it came to that, in order. */
  at: number
}

export class Candidates {
  readonly #dataset: string
  readonly #places: readonly SourcePlace[]
  readonly #leftOut = new Map<SourceName, { trouble: Trouble; at: number }>()
  readonly #served = new Set<SourceName>()
  readonly #refused = new Map<SourceName, Set<number>>()
  readonly #standings = new Map<number, Map<SourceName, Standing>>()
  #fit: readonly SourcePlace[]
  #clock = 0

  constructor(dataset: string, places: readonly SourcePlace[]) {
    this.#dataset = dataset
    this.#places = places
    this.#fit = places
  }

  /** Places that may do the dataset, best first. */
  get fit(): readonly SourcePlace[] {
    return this.#fit
  }

  /** Why each source that is left out is so. */
  get leftOut(): Trouble[] {
    return [...this.#leftOut.values()].map(({ trouble }) => trouble)
  }

  /** Places that may do the batch, best first. Most batches met no trouble and may be done by all that are fit. */
  of(seq: number): readonly SourcePlace[] {
    if (!this.#standings.has(seq)) return this.#fit
    const open = this.#fit.filter(({ source }) => this.#state(seq, source) !== 'out')
    const fresh = open.filter(({ source }) => this.#state(seq, source) === 'fresh')
    return fresh.length > 0 ? fresh : open
  }

  /** Whether the source has to find the symbol that makes the batch fail: it failed on it, and no other is to be asked. */
  isolates(seq: number, source: SourceName): boolean {
    return (this.#standings.get(seq)?.get(source)?.strikes ?? 0) > 0 && !this.#hasFreshOther(seq, source)
  }

  /** It brought something of this dataset. */
  serves(source: SourceName): void {
    this.#served.add(source)
  }

  /** Nothing is left of the batch. */
  forget(seq: number): void {
    this.#standings.delete(seq)
  }

  /** The source does not have what the batch is about. */
  exclude(seq: number, source: SourceName): void {
    const message = `${source} does not serve this part of ${this.#dataset}`
    const trouble: Trouble = { source, errorClass: 'NotServed', message }
    this.#stand(seq, { strikes: 0, cursor: 0, state: 'out', trouble })
  }

  /**
   * The source failed on the batch. Failures count at one cursor only: a try that brought something is a new start.
   *
   * @returns true when the source is left out of the dataset because of it
   */
  strike(seq: number, trouble: Trouble, cursor: number): boolean {
    const { source, errorClass } = trouble
    const before = this.#standings.get(seq)?.get(source)
    const strikes = before !== undefined && cursor <= before.cursor ? before.strikes + 1 : 1
    const isRefusal = SOURCE_ERRORS[errorClass].next === 'isolate'
    const hasServed = this.#served.has(source)
    const isOut = strikes > TIRING_STRIKE || (isRefusal && !hasServed && strikes === TIRING_STRIKE)
    const isTired = isRefusal || strikes === TIRING_STRIKE
    const others = this.#hasFreshOther(seq, source)
    const state = isOut ? 'out' : isTired && others ? 'tired' : 'fresh'
    this.#stand(seq, { strikes, cursor: Math.max(cursor, before?.cursor ?? 0), state, trouble })
    if (hasServed || state === 'fresh' || (state === 'tired' && !isRefusal)) return false
    const refused = (this.#refused.get(source) ?? new Set()).add(seq)
    this.#refused.set(source, refused)
    return refused.size >= REFUSALS && this.leaveOut(trouble)
  }

  /** @returns false when it is left out already, or is no candidate */
  leaveOut(trouble: Trouble): boolean {
    const { source } = trouble
    if (this.#leftOut.has(source) || !this.#places.some((place) => place.source === source)) return false
    this.#leftOut.set(source, { trouble, at: ++this.#clock })
    this.#fit = this.#places.filter((place) => !this.#leftOut.has(place.source))
    return true
  }

  /**
   * What a batch is given up with when nobody is left for it: the last trouble that it met.
   *
   * @param fallback the source to name when the dataset has none
   */
  lastTrouble(seq: number, fallback: SourceName): Trouble {
    const standings = this.#standings.get(seq)
    const met = this.#places.flatMap(
      ({ source }) => this.#leftOut.get(source) ?? standings?.get(source) ?? [],
    )
    const last = met
      .filter(({ trouble }) => trouble.errorClass !== 'NotServed')
      .sort((a, b) => a.at - b.at)
      .at(-1)
    if (last) return last.trouble
    const names = this.#places.map(({ source }) => source)
    return {
      source: names[0] ?? fallback,
      errorClass: 'NotServed',
      message:
        names.length === 0
          ? `no source that is switched on has ${this.#dataset}`
          : `not served by ${names.join(', ')}: enable a source that has this part of ${this.#dataset}`,
    }
  }

  #hasFreshOther(seq: number, source: SourceName): boolean {
    return this.#fit.some((place) => place.source !== source && this.#state(seq, place.source) === 'fresh')
  }

  #state(seq: number, source: SourceName): Standing['state'] {
    return this.#standings.get(seq)?.get(source)?.state ?? 'fresh'
  }

  #stand(seq: number, standing: Omit<Standing, 'at'>): void {
    const standings = this.#standings.get(seq) ?? new Map<SourceName, Standing>()
    standings.set(standing.trouble.source, { ...standing, at: ++this.#clock })
    this.#standings.set(seq, standings)
  }
}
