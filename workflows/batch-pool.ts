import type { SourceName } from '../market/sources.ts'
import type { SeqRanges } from './contract/messages.ts'
import { expandRanges } from './seq-ranges.ts'

/** Who has a batch in hand; `giving up` when nobody can do it. */
export type Holder = SourceName | 'giving up'

/**
 * The batches of one planned dataset: those that wait, newest first, and those in hand. One that comes back, and children
 * that take a batch's place, stand where the batch stood, so that the newest dates stay first.
 */
export class BatchPool {
  readonly #pending: number[]
  // Where a batch stands: its place in the plan, then its place among its siblings.
  readonly #paths = new Map<number, readonly number[]>()
  readonly #inHand = new Map<number, Holder>()

  constructor(open: SeqRanges) {
    this.#pending = expandRanges(open)
    this.#pending.forEach((seq, place) => this.#paths.set(seq, [place]))
  }

  get pending(): readonly number[] {
    return this.#pending
  }

  get inHand(): ReadonlyMap<number, Holder> {
    return this.#inHand
  }

  /** How many batches somebody has in hand. */
  load(holder: Holder): number {
    let load = 0
    for (const each of this.#inHand.values()) if (each === holder) load++
    return load
  }

  take(seq: number, holder: Holder): void {
    const at = this.#pending.indexOf(seq)
    if (at < 0) throw new RangeError(`batch ${seq} does not wait`)
    this.#pending.splice(at, 1)
    this.#inHand.set(seq, holder)
  }

  /** Nothing is left of it. */
  drop(seq: number): void {
    this.#inHand.delete(seq)
    this.#paths.delete(seq)
  }

  putBack(seq: number): void {
    this.#inHand.delete(seq)
    this.#insert(seq)
  }

  /** `children` take its place; it may be among them itself. */
  replace(seq: number, children: readonly number[]): void {
    const path = this.#pathOf(seq)
    this.drop(seq)
    children.forEach((child, place) => {
      this.#paths.set(child, [...path, place])
      this.#insert(child)
    })
  }

  #insert(seq: number): void {
    const path = this.#pathOf(seq)
    const at = this.#pending.findIndex((other) => comparePaths(this.#pathOf(other), path) > 0)
    this.#pending.splice(at < 0 ? this.#pending.length : at, 0, seq)
  }

  #pathOf(seq: number): readonly number[] {
    return this.#paths.get(seq) ?? []
  }
}

function comparePaths(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
