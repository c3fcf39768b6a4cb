import { Bin } from './bin.ts'
import type { Piece, Track } from './bin.ts'
import { clip } from './spans.ts'
import type { Span } from './spans.ts'

/*
 * Calls of a source that takes one symbol at a time. Symbols do not share calls, so each is planned on its own, and
 * exactly: windows of one answer's rows, each ended by the newest cell that is still wanted, are the fewest that hold all.
 */

/** The wanted parts of one symbol by call, newest first. Without a cap there is one. */
function windowsOf(spans: readonly Span[], rowCap: number): Span[][] {
  const windows: Span[][] = []
  let start = Infinity
  for (const span of spans.toReversed()) {
    for (let end = span.end; end > span.start;) {
      if (end <= start) {
        windows.push([])
        start = end - rowCap
      }
      const part = { start: Math.max(span.start, start), end }
      windows.at(-1)?.unshift(part)
      end = part.start
    }
  }
  return windows
}

/** Calls for all tracks: the newest of each first, then the second of each, and so on. */
export function singleBins(tracks: readonly Track[], rowCap: number): Bin[] {
  const byAge: Bin[][] = []
  for (const track of tracks) {
    for (const [age, spans] of windowsOf(track.spans, rowCap).entries()) {
      const piece: Piece = { track, spans, start: spans[0]?.start ?? 0, end: spans.at(-1)?.end ?? 0 }
      const bins = (byAge[age] ??= [])
      bins.push(new Bin([piece]))
    }
  }
  return byAge.flat()
}

/** How many calls the wanted cells before a position take. */
export function countSingles(
  tracks: readonly Pick<Track, 'spans'>[],
  rowCap: number,
  before = Infinity,
): number {
  let calls = 0
  for (const { spans } of tracks) {
    const wanted = (spans.at(-1)?.end ?? 0) <= before ? spans : clip(spans, 0, before)
    calls += countWindows(wanted, rowCap)
  }
  return calls
}

function countWindows(spans: readonly Span[], rowCap: number): number {
  if (rowCap === Infinity) return Math.min(spans.length, 1)
  let calls = 0
  let start = Infinity
  for (let i = spans.length - 1; i >= 0; i--) {
    const span = spans[i]
    if (!span) break
    const end = Math.min(span.end, start)
    if (end <= span.start) continue
    const windows = Math.ceil((end - span.start) / rowCap)
    calls += windows
    start = end - windows * rowCap
  }
  return calls
}
