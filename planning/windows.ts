import { firstPlace } from '../market/first-place.ts'
import type { Piece } from './bin.ts'
import type { Span } from './spans.ts'

/** A stretch of the calendar with the pieces that are wanted in it. */
export interface Window {
  readonly span: Span
  readonly pieces: readonly Piece[]
}

interface MutableWindow {
  readonly span: Span
  readonly pieces: (Piece & { spans: Span[] })[]
}

/**
 * Cuts what is wanted into the windows, which descend, are disjoint and hold every wanted cell. Returns those that got
 * anything. Walks both lists once from the newest end: damage of single cells makes very many spans.
 */
export function distribute(
  wanted: readonly Pick<Piece, 'track' | 'spans'>[],
  spans: readonly Span[],
): Window[] {
  const windows = spans.map((span): MutableWindow => ({ span, pieces: [] }))
  for (const { track, spans } of wanted) {
    let next = firstBefore(windows, spans.at(-1)?.end ?? 0)
    for (const { start, end } of spans.toReversed()) {
      while ((windows[next]?.span.start ?? -1) >= end) next++
      for (const { span, pieces } of windowsFrom(windows, next, start)) {
        const part = { start: Math.max(start, span.start), end: Math.min(end, span.end) }
        const piece = pieces.at(-1)
        if (piece?.track === track) {
          piece.spans.push(part)
          piece.start = part.start
        } else pieces.push({ track, spans: [part], ...part })
      }
    }
  }
  for (const { pieces } of windows) for (const piece of pieces) piece.spans.reverse()
  return windows.filter((window) => window.pieces.length > 0)
}

/** The windows from index `next` that reach past `start`. */
function* windowsFrom(
  windows: readonly MutableWindow[],
  next: number,
  start: number,
): Generator<MutableWindow> {
  for (let i = next; i < windows.length; i++) {
    const window = windows[i]
    if (!window || window.span.end <= start) return
    yield window
  }
}

/** Index of the first of the descending windows that starts before `end`. */
const firstBefore = (windows: readonly Window[], end: number): number =>
  firstPlace(0, windows.length, (i) => (windows[i]?.span.start ?? 0) >= end)

/** Cuts an island into windows of `length` sessions, counted back from its newest. */
export function cut({ span, pieces }: Window, length: number): Window[] {
  const windows: Span[] = []
  for (let end = span.end; end > span.start; end -= length) {
    windows.push({ start: Math.max(span.start, end - length), end })
  }
  return distribute(pieces, windows)
}
