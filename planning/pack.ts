import { Bin, rowsWithin } from './bin.ts'
import type { CallLimits, Piece } from './bin.ts'
import { sizeOf } from './spans.ts'
import type { Span } from './spans.ts'

/** Bins that stay open for a piece of scattered wanted cells; more cost time and save next to no calls. */
const OPEN_BINS = 6

/** A piece is dense when at most this share of the rows it brings was not wanted. */
const DENSE_WASTE = 0.1

/**
 * Fills calls strictly in the given order. No other cut of the same order needs fewer calls, since a part of a call
 * that fits always fits: that is why a region only has to keep its items in the planner's order to be executed in at
 * most the planned number of calls.
 */
export function packInOrder(pieces: readonly Piece[], limits: CallLimits): Bin[] {
  const bins: Bin[] = []
  for (const piece of pieces) {
    if (!bins.at(-1)?.add(piece, limits)) bins.push(new Bin([piece]))
  }
  return bins
}

/**
 * The fewest calls found for pieces that lie in one window of at most `rowCap` sessions. Dense pieces are packed by
 * size alone. For scattered ones it depends: neighbours in time share a narrow call, or a symbol with many gaps is
 * asked as a whole, or all go by size. Each is tried unless its bound shows that it cannot win.
 */
export function packWindow(pieces: readonly Piece[], window: Span, limits: CallLimits): Bin[] {
  const sizeInWindow = (piece: Piece): number => rowsWithin(piece.track.life, window.start, window.end)
  const [dense, loose] = partition(
    pieces,
    (piece) => cellsOf(piece) >= sizeInWindow(piece) * (1 - DENSE_WASTE),
  )
  if (loose.length === 0) return packBySize(dense, sizeInWindow, limits)
  const boundBySize = boundOf(pieces, sizeInWindow, limits)
  const bound = boundOf(pieces, cellsOf, limits)
  let best: Bin[] | undefined
  const attempt = (least: number, pack: () => Bin[]): void => {
    if (best && best.length <= least) return
    const bins = mergeSmall(pack(), limits)
    if (!best || bins.length < best.length) best = bins
  }
  const bySize = (): void => attempt(boundBySize, () => packBySize(pieces, sizeInWindow, limits))
  const isLikelyBySize = boundBySize <= bound * 1.2
  if (isLikelyBySize) bySize()
  const byTime = (parts: Piece[]) => [
    ...packBySize(dense, sizeInWindow, limits),
    ...packNearby(parts, limits),
  ]
  attempt(bound, () => byTime(loose))
  if (loose.some((piece) => piece.spans.length > 1)) attempt(bound, () => byTime(loose.flatMap(partsOf)))
  if (!isLikelyBySize) bySize()
  return best ?? []
}

function partition(pieces: readonly Piece[], belongs: (piece: Piece) => boolean): [Piece[], Piece[]] {
  const inside: Piece[] = []
  const outside: Piece[] = []
  for (const piece of pieces) (belongs(piece) ? inside : outside).push(piece)
  return [inside, outside]
}

/** Wanted cells of a piece. */
export const cellsOf = (piece: Piece): number => sizeOf(piece.spans)

/** Fewest calls that could carry pieces of some size: by rows, and by the places in symbol lists. */
export function boundOf(
  pieces: readonly Piece[],
  sizeOfPiece: (piece: Piece) => number,
  limits: CallLimits,
): number {
  let rows = 0
  for (const piece of pieces) rows += sizeOfPiece(piece)
  return Math.ceil(Math.max(pieces.length / limits.maxSymbols, rows / limits.rowCap))
}

const partsOf = ({ track, spans }: Piece): Piece[] =>
  spans.map((span) => ({ track, start: span.start, end: span.end, spans: [span] }))

interface OpenBin {
  pieces: Piece[]
  free: number
}

/** Best fit, largest first. Many pieces share the window's length, so equal sizes are placed together. */
function packBySize(
  pieces: readonly Piece[],
  sizeOfPiece: (piece: Piece) => number,
  limits: CallLimits,
): Bin[] {
  const bins: OpenBin[] = []
  const openByFree: (OpenBin[] | undefined)[] = []
  for (const [size, equal] of groupBySize(pieces, sizeOfPiece)) {
    let next = 0
    let free = size
    while (next < equal.length) {
      while (free < limits.rowCap && !openByFree[free]?.length) free++
      let bin = openByFree[free]?.pop()
      if (!bin) bins.push((bin = { pieces: [], free: limits.rowCap }))
      const count = Math.min(
        equal.length - next,
        Math.floor(bin.free / size),
        limits.maxSymbols - bin.pieces.length,
      )
      for (const piece of equal.slice(next, next + count)) bin.pieces.push(piece)
      next += count
      bin.free -= count * size
      if (bin.pieces.length < limits.maxSymbols) (openByFree[bin.free] ??= []).push(bin)
    }
  }
  return bins.map((bin) => new Bin(bin.pieces))
}

function groupBySize(pieces: readonly Piece[], sizeOfPiece: (piece: Piece) => number): [number, Piece[]][] {
  const groups = new Map<number, Piece[]>()
  for (const piece of pieces) {
    const size = sizeOfPiece(piece)
    const group = groups.get(size)
    if (group) group.push(piece)
    else groups.set(size, [piece])
  }
  return [...groups].sort(([a], [b]) => b - a)
}

/** First fit of pieces ordered by date, newest first, so that a call spans few dates. */
function packNearby(pieces: readonly Piece[], limits: CallLimits): Bin[] {
  const bins: Bin[] = []
  let open: Bin[] = []
  for (const piece of newestFirst(pieces)) {
    if (open.some((bin) => bin.add(piece, limits))) continue
    const bin = new Bin([piece])
    bins.push(bin)
    open = [...open.filter((other) => !isFull(other, limits)).slice(1 - OPEN_BINS), bin]
  }
  return bins
}

/** Sorted by last session, then by first: by counting, since damage of single cells makes very many pieces. */
function newestFirst(pieces: readonly Piece[]): Piece[] {
  const oldest = pieces.reduce((end, piece) => Math.min(end, piece.end), Infinity)
  const byEnd: Piece[][] = []
  for (const piece of pieces) (byEnd[piece.end - oldest] ??= []).push(piece)
  const ordered: Piece[] = []
  for (let end = byEnd.length - 1; end >= 0; end--) {
    for (const piece of byEnd[end]?.sort((a, b) => b.start - a.start) ?? []) ordered.push(piece)
  }
  return ordered
}

const isFull = (bin: Bin, { rowCap, maxSymbols }: CallLimits): boolean =>
  bin.symbolCount >= maxSymbols || bin.rows >= rowCap

/** Joins calls that are at most half full where the result still fits. */
function mergeSmall(bins: readonly Bin[], limits: CallLimits): Bin[] {
  const merged: Bin[] = []
  let small: Bin[] = []
  for (const bin of bins) {
    if (bin.rows * 2 > limits.rowCap || bin.symbolCount * 2 > limits.maxSymbols) {
      merged.push(bin)
      continue
    }
    const joined = small
      .slice(-OPEN_BINS)
      .map((other) => ({ other, both: new Bin([...other.pieces, ...bin.pieces]) }))
    const fit = joined.find(({ both }) => both.rows <= limits.rowCap && both.symbolCount <= limits.maxSymbols)
    small = fit ? small.map((other) => (other === fit.other ? fit.both : other)) : [...small, bin]
  }
  return [...merged, ...small]
}
