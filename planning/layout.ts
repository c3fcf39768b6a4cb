import type { Bin, CallLimits, Track } from './bin.ts'
import { boundOf, cellsOf, packWindow } from './pack.ts'
import { singleBins } from './singles.ts'
import { normalize } from './spans.ts'
import type { Span } from './spans.ts'
import { cut, distribute } from './windows.ts'
import type { Window } from './windows.ts'

/** How many full codes fill a call; windows of `rowCap / codes` sessions are tried, so that nothing is left over. */
const CODES_PER_CALL = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300]

/**
 * Where in the ascending lengths the search begins. At 6,000 rows and 100 codes 0.6 is 600 sessions: long enough that
 * few calls are partial and short enough that few stocks are. Within `GOOD_ENOUGH` of the bound the search ends.
 */
const FIRST_TRIED = [0.6, 0, 1, 0.3, 0.8]
const GOOD_ENOUGH = 1.005

/** Empty stretches of at least so many sessions cut the calendar into islands that are planned on their own. */
const GAPS = [1, 20, 250, Infinity]

/** Calls for the wanted cells: packed symbol lists, and sessions that cost less when asked as a whole market. */
export interface Layout {
  bins: Bin[]
  marketDates: number[]
  requests: number
}

/** Requests that the whole market costs on one session; Infinity for a source without by-date calls. */
export type MarketCost = (position: number) => number

/** The layout with the fewest requests among those tried. One symbol a call is laid out exactly, but never by date. */
export function layOut(tracks: readonly Track[], limits: CallLimits, marketCost: MarketCost): Layout {
  if (limits.maxSymbols === 1) {
    const bins = singleBins(tracks, limits.rowCap)
    return { bins, marketDates: [], requests: bins.length }
  }
  const wanted = normalize(tracks.flatMap((track) => track.spans))
  const parts = tracks.map((track) => ({ track, spans: track.spans }))
  let best: Layout | undefined
  let last = Infinity
  for (const gap of GAPS) {
    const islands = joinAcross(wanted, gap)
    // Nearly the same islands give nearly the same calls and take as long again.
    if (islands.length > last / 2) continue
    last = islands.length
    const layout = join(distribute(parts, islands).map((island) => layOutIsland(island, limits, marketCost)))
    if (!best || layout.requests < best.requests) best = layout
  }
  return best ?? join([])
}

/** Spans joined where the gap between them is shorter than `gap`. Newest first. */
function joinAcross(spans: readonly Span[], gap: number): Span[] {
  const joined: Span[] = []
  let last: Span | undefined
  for (const { start, end } of spans) {
    if (last && start - last.end < gap) last.end = end
    else joined.push((last = { start, end }))
  }
  return joined.reverse()
}

/**
 * The cheapest layout of an island over the window lengths: a few spread over all of them, then the neighbours of the
 * best for as long as they are better. Trying all takes ten times as long and saves less than one call in a hundred.
 */
function layOutIsland(island: Window, limits: CallLimits, marketCost: MarketCost): Layout {
  const goodEnough = boundOf(island.pieces, cellsOf, limits) * GOOD_ENOUGH
  const lengths = windowLengths(island.span, limits)
  const tried = new Set<number>()
  let best = join([])
  best.requests = Infinity
  let bestAt = 0
  const attempt = (at: number): boolean => {
    const length = lengths[at]
    if (length === undefined || tried.has(at) || best.requests <= goodEnough) return false
    tried.add(at)
    const layout = layOutWindows(cut(island, length), best.requests, limits, marketCost)
    if (!layout) return false
    best = layout
    bestAt = at
    return true
  }
  for (const share of FIRST_TRIED) attempt(Math.round(share * (lengths.length - 1)))
  while (attempt(bestAt - 1) || attempt(bestAt + 1));
  return best
}

/** Window lengths to try on an island, ascending; the last is the whole island as far as one call can span it. */
function windowLengths({ start, end }: Span, limits: CallLimits): number[] {
  const whole = Math.min(end - start, limits.rowCap)
  const codes = [...CODES_PER_CALL, limits.maxSymbols].filter((count) => count <= limits.maxSymbols)
  const lengths = codes.map((count) => Math.floor(limits.rowCap / count))
  return [...new Set([...lengths.filter((length) => length > 0 && length < whole), whole])].sort(
    (a, b) => a - b,
  )
}

/** A layout of fewer than `below` requests; given up as soon as there cannot be one. */
function layOutWindows(
  windows: readonly Window[],
  below: number,
  limits: CallLimits,
  marketCost: MarketCost,
): Layout | null {
  const byDate = windows.map((window) => layOutByDate(window, marketCost))
  const bounds = windows.map((window, i) =>
    Math.min(boundOf(window.pieces, cellsOf, limits), byDate[i]?.requests ?? Infinity),
  )
  let requests = bounds.reduce((sum, bound) => sum + bound, 0)
  const layouts: Layout[] = []
  for (const [i, window] of windows.entries()) {
    if (requests >= below) return null
    const layout = layOutWindow(window, byDate[i], limits)
    layouts.push(layout)
    requests += layout.requests - (bounds[i] ?? 0)
  }
  return requests < below ? join(layouts) : null
}

/** One window packed, unless asking its sessions by date is cheaper. */
function layOutWindow(window: Window, byDate: Layout | undefined, limits: CallLimits): Layout {
  // Packing is the expensive part of planning and is left out where it cannot win.
  if (byDate && byDate.requests < boundOf(window.pieces, cellsOf, limits)) return byDate
  const bins = packWindow(window.pieces, window.span, limits)
  return byDate && byDate.requests < bins.length ? byDate : { bins, marketDates: [], requests: bins.length }
}

function layOutByDate({ pieces }: Window, marketCost: MarketCost): Layout {
  const marketDates: number[] = []
  let requests = 0
  for (const { start, end } of normalize(pieces.flatMap((piece) => piece.spans)).reverse()) {
    for (let position = end - 1; position >= start; position--) {
      requests += marketCost(position)
      marketDates.push(position)
    }
  }
  return { bins: [], marketDates, requests }
}

function join(layouts: readonly Layout[]): Layout {
  return {
    bins: layouts.flatMap((layout) => layout.bins),
    marketDates: layouts.flatMap((layout) => layout.marketDates),
    requests: layouts.reduce((sum, layout) => sum + layout.requests, 0),
  }
}
