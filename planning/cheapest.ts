import type { BatchLimits } from './batches.ts'
import type { CallLimits, Track } from './bin.ts'
import { marketDateCandidates } from './by-date.ts'
import { layOut } from './layout.ts'
import type { Layout } from './layout.ts'
import { type CallContext, marketLimits, reachOf, symbolLimits } from './limits.ts'
import { marketCalls, marketRequests } from './market-calls.ts'
import { countSingles } from './singles.ts'
import { clip, normalize, sizeOf, spansOf } from './spans.ts'
import { tracksWithout } from './tracks.ts'

/** How many numbers of newest sessions are tried first, and then around the best of them. */
const NEWEST_TRIED = 48
const NEWEST_REFINED = 16

/**
 * The layout with the fewest requests found. Compares whole plans: everything packed, everything by date, and some
 * sessions by date with the rest packed. By date only as far as that reaches.
 */
export function cheapest(tracks: readonly Track[], context: CallContext, batch: BatchLimits): Layout {
  const byDate = byDateOf(tracks, context)
  if (!context.capability.bySymbols && byDate.isAll) {
    return { bins: [], marketDates: byDate.dates, requests: byDate.requestsOn(byDate.dates) }
  }
  const { rowCap, maxSymbols } = symbolLimits(context.capability)
  const limits = { rowCap, maxSymbols: Math.min(maxSymbols, batch.maxSymbolsPerBatch) }
  let best = layOut(tracks, limits, byDate.cost)
  for (const dates of candidates(tracks, limits, byDate, context)) {
    const rest = tracksWithout(tracks, spansOf(dates))
    const cells = rest.reduce((sum, track) => sum + sizeOf(track.spans), 0)
    const requestsOnDates = byDate.requestsOn(dates)
    if (requestsOnDates + Math.ceil(cells / rowCap) >= best.requests) continue
    const packed = layOut(rest, limits, byDate.cost)
    const requests = requestsOnDates + packed.requests
    if (requests < best.requests)
      best = { ...packed, requests, marketDates: [...dates, ...packed.marketDates] }
  }
  return best
}

/**
 * About how many requests the wanted cells take, without laying them out: exact for one symbol a call, else the fewest
 * that could carry them.
 */
export function roughRequests(tracks: readonly Track[], context: CallContext): number {
  const byDate = byDateOf(tracks, context)
  const all = byDate.isAll ? byDate.requestsOn(byDate.dates) : Infinity
  if (!context.capability.bySymbols) return all
  const { rowCap, maxSymbols } = symbolLimits(context.capability)
  if (maxSymbols === 1) {
    const newest = byDate.dates.slice(0, newestByDate(tracks, rowCap, byDate))
    const before = newest.at(-1) ?? Infinity
    return Math.min(all, byDate.requestsOn(newest) + countSingles(tracks, rowCap, before))
  }
  const cells = tracks.reduce((sum, track) => sum + sizeOf(track.spans), 0)
  return Math.min(all, Math.ceil(Math.max(cells / rowCap, tracks.length / maxSymbols)))
}

/** What can be asked by date of what is wanted. */
interface ByDateOptions {
  /** Wanted sessions within reach, newest first. */
  dates: number[]
  /** True when no wanted session is out of reach. */
  isAll: boolean
  cost: (position: number) => number
  requestsOn: (dates: readonly number[]) => number
}

function byDateOf(tracks: readonly Track[], context: CallContext): ByDateOptions {
  const limits = marketLimits(context)
  const reach = reachOf(context)
  const wanted = normalize(tracks.flatMap((track) => track.spans))
  const inReach = clip(wanted, reach.start, reach.end)
  return {
    dates: inReach
      .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
      .reverse(),
    isAll: sizeOf(inReach) === sizeOf(wanted),
    cost: (position) =>
      position >= reach.start && position < reach.end
        ? marketRequests([{ rows: limits.rows(position) }], limits)
        : Infinity,
    requestsOn: (dates) => marketRequests(marketCalls(dates, limits), limits),
  }
}

/** Sets of sessions that may be cheaper by date. */
function candidates(
  tracks: readonly Track[],
  limits: CallLimits,
  byDate: ByDateOptions,
  { calendar }: CallContext,
): (readonly number[])[] {
  if (byDate.dates.length === 0) return []
  const newest =
    limits.maxSymbols === 1 ? [byDate.dates.slice(0, newestByDate(tracks, limits.rowCap, byDate))] : []
  const scattered = marketDateCandidates(tracks, calendar.length, limits, byDate.cost)
  return [byDate.dates, ...newest, ...scattered]
}

/**
 * How many of the newest sessions to ask by date where each symbol is a call of its own. Counting is cheap and the
 * number of calls jumps up and down with every symbol's last window, so that many numbers are tried.
 */
function newestByDate(
  tracks: readonly Track[],
  rowCap: number,
  { dates, requestsOn }: ByDateOptions,
): number {
  let best = 0
  let fewest = countSingles(tracks, rowCap)
  const attempt = (count: number): void => {
    const oldest = dates[count - 1]
    if (oldest === undefined) return
    const requests = requestsOn(dates.slice(0, count)) + countSingles(tracks, rowCap, oldest)
    if (requests < fewest) [best, fewest] = [count, requests]
  }
  const step = dates.length / NEWEST_TRIED
  for (let i = 1; i <= NEWEST_TRIED; i++) attempt(Math.round(i * step))
  const around = best
  for (let i = -NEWEST_REFINED; i <= NEWEST_REFINED; i++)
    attempt(around + Math.round((i * step) / NEWEST_REFINED))
  return best
}
