import type { Span } from './spans.ts'

/** One instrument on calendar positions: its life and what is wanted of it. */
export interface Track {
  id: number
  symbol: string
  life: Span
  spans: readonly Span[]
}

/** A part of a track that goes into one call as a whole. */
export interface Piece extends Span {
  track: Track
  /** Wanted parts within [start, end). */
  spans: readonly Span[]
}

/** What one call of a source may hold. */
export interface CallLimits {
  rowCap: number
  maxSymbols: number
}

/** Rows that an upstream returns for an instrument between two positions, wanted or not. */
export function rowsWithin(life: Span, start: number, end: number): number {
  return Math.max(0, Math.min(life.end, end) - Math.max(life.start, start))
}

/**
 * One call in the making. An upstream answers with everything between the call's first and last date for every symbol
 * of the list, so a piece that widens these dates makes the others larger too.
 */
export class Bin implements Span {
  start: number
  end: number
  rows: number
  readonly pieces: Piece[]
  readonly #tracks: Set<Track>

  constructor(pieces: readonly Piece[]) {
    this.pieces = [...pieces]
    this.#tracks = new Set(pieces.map((piece) => piece.track))
    this.start = Infinity
    this.end = -Infinity
    for (const piece of pieces) {
      this.start = Math.min(this.start, piece.start)
      this.end = Math.max(this.end, piece.end)
    }
    this.rows = this.#rowsBetween(this.start, this.end)
  }

  get symbolCount(): number {
    return this.#tracks.size
  }

  get tracks(): Iterable<Track> {
    return this.#tracks
  }

  /** Adds a piece if the call stays within the limits; otherwise changes nothing. */
  add(piece: Piece, limits: CallLimits): boolean {
    const start = Math.min(this.start, piece.start)
    const end = Math.max(this.end, piece.end)
    const isNew = !this.#tracks.has(piece.track)
    if (isNew && this.#tracks.size >= limits.maxSymbols) return false
    const own = isNew ? rowsWithin(piece.track.life, start, end) : 0
    // Wider dates never make a call smaller: most refusals are seen before its rows are counted again.
    if (own + this.rows > limits.rowCap) return false
    const isWider = start !== this.start || end !== this.end
    const rows = own + (isWider ? this.#rowsBetween(start, end) : this.rows)
    if (rows > limits.rowCap) return false
    this.#tracks.add(piece.track)
    this.pieces.push(piece)
    this.start = start
    this.end = end
    this.rows = rows
    return true
  }

  #rowsBetween(start: number, end: number): number {
    let rows = 0
    for (const track of this.#tracks) rows += rowsWithin(track.life, start, end)
    return rows
  }
}
