import type { SessionCalendar } from '../market/calendar.ts'
import type { DateRange, PlanInstrument } from './types.ts'

/**
 * Half-open range of calendar positions. Planning never touches single cells: 50 million of them are two hundred
 * thousand spans at worst, and "how many rows" is a subtraction.
 */
export interface Span {
  start: number
  end: number
}

/** Sorted, merged and without empty ones; touching spans become one. */
export function normalize(spans: readonly Span[]): Span[] {
  const sorted = spans.filter((span) => span.end > span.start).sort((a, b) => a.start - b.start)
  const merged: Span[] = []
  let last: Span | undefined
  for (const { start, end } of sorted) {
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push((last = { start, end }))
  }
  return merged
}

/** `spans` without `holes`; both normalized. */
export function subtract(spans: readonly Span[], holes: readonly Span[]): Span[] {
  const left: Span[] = []
  let first = 0
  for (const span of spans) {
    let start = span.start
    // A hole that ends before this span cannot touch a later one either.
    while ((holes[first]?.end ?? Infinity) <= start) first++
    for (let i = first; start < span.end; i++) {
      const hole = holes[i]
      if (!hole || hole.start >= span.end) break
      if (hole.start > start) left.push({ start, end: hole.start })
      start = Math.max(start, hole.end)
    }
    if (start < span.end) left.push({ start, end: span.end })
  }
  return left
}

/** The parts of `spans` inside [start, end). */
export function clip(spans: readonly Span[], start: number, end: number): Span[] {
  const inside: Span[] = []
  for (const span of spans) {
    if (span.end <= start || span.start >= end) continue
    inside.push({ start: Math.max(start, span.start), end: Math.min(end, span.end) })
  }
  return inside
}

/** Whether any position of `span` lies in `spans`. */
export function overlaps(spans: readonly Span[], { start, end }: Span): boolean {
  return start < end && spans.some((span) => span.start < end && start < span.end)
}

/** Number of positions in disjoint spans. */
export function sizeOf(spans: readonly Span[]): number {
  let size = 0
  for (const span of spans) size += span.end - span.start
  return size
}

/** Sorted positions as spans of neighbours. */
export function spansOf(positions: readonly number[]): Span[] {
  return normalize(positions.map((position) => ({ start: position, end: position + 1 })))
}

/** The sessions of an inclusive range of dates; empty when it has none. */
export function spanOf(range: DateRange, calendar: SessionCalendar): Span {
  const start = calendar.firstAtOrAfter(range.from)
  return { start, end: Math.max(start, calendar.lastAtOrBefore(range.to) + 1) }
}

/** The dates of a span that is not empty. */
export function datesOf(span: Span, calendar: SessionCalendar): DateRange {
  return { from: calendar.at(span.start), to: calendar.at(span.end - 1) }
}

/** The sessions on which an instrument is listed; the whole calendar when no list names its dates. */
export function lifeOf(instrument: PlanInstrument, calendar: SessionCalendar): Span {
  const { listDate, delistDate } = instrument
  const start = listDate === null ? 0 : calendar.firstAtOrAfter(listDate)
  const end = delistDate === null ? calendar.length : calendar.firstAtOrAfter(delistDate)
  return { start, end: Math.max(start, end) }
}
