import type { SessionCalendar } from '../market/calendar.ts'
import { datesOf, normalize, type Span, spanOf, subtract } from './spans.ts'
import type { WantedItem } from './types.ts'

const spansOf = ({ ranges }: WantedItem, calendar: SessionCalendar): Span[] =>
  normalize(ranges.map((range) => spanOf(range, calendar)))

const itemOf = (
  { instrument }: WantedItem,
  spans: readonly Span[],
  calendar: SessionCalendar,
): WantedItem[] =>
  spans.length === 0 ? [] : [{ instrument, ranges: spans.map((span) => datesOf(span, calendar)) }]

/** The cells that both lists hold. Each names an instrument once. */
export function commonItems(
  items: readonly WantedItem[],
  others: readonly WantedItem[],
  calendar: SessionCalendar,
): WantedItem[] {
  const byId = new Map(others.map((item) => [item.instrument.id, item]))
  return items.flatMap((item) => {
    const other = byId.get(item.instrument.id)
    if (!other) return []
    const spans = spansOf(item, calendar)
    return itemOf(item, subtract(spans, subtract(spans, spansOf(other, calendar))), calendar)
  })
}

/** The spans of each instrument by its id, for a list that many others are held against. */
export function spansById(
  items: readonly WantedItem[],
  calendar: SessionCalendar,
): ReadonlyMap<number, readonly Span[]> {
  return new Map(items.map((item) => [item.instrument.id, spansOf(item, calendar)]))
}

/** The cells that either list holds, by instrument. */
export function allItems(
  items: readonly WantedItem[],
  others: readonly WantedItem[],
  calendar: SessionCalendar,
): WantedItem[] {
  const byId = new Map(items.map((item) => [item.instrument.id, item]))
  for (const other of others) {
    const own = byId.get(other.instrument.id)
    const spans = normalize([...(own ? spansOf(own, calendar) : []), ...spansOf(other, calendar)])
    for (const joined of itemOf(other, spans, calendar)) byId.set(other.instrument.id, joined)
  }
  return [...byId.values()].sort((a, b) => a.instrument.id - b.instrument.id)
}
