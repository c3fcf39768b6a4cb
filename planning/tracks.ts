import type { SessionCalendar } from '../market/calendar.ts'
import type { Exchange } from '../market/symbol.ts'
import type { Track } from './bin.ts'
import { ofExchanges } from './exchanges.ts'
import { clip, lifeOf, normalize, spanOf, subtract } from './spans.ts'
import type { Span } from './spans.ts'
import type { DateRange, PlanInstrument, RegionItem } from './types.ts'

/** Instruments by id, as the plan's regions name them. */
export type InstrumentsById = ReadonlyMap<number, PlanInstrument>

/** Throws for an unknown id: ids never vanish, and skipping one would lose its cells silently. */
export function instrumentOf(id: number, instruments: InstrumentsById): PlanInstrument {
  const instrument = instruments.get(id)
  if (!instrument) throw new RangeError(`no instrument has the id ${id}; pass every instrument of the region`)
  return instrument
}

/** An instrument and wanted dates on positions; what lies outside its life is dropped. */
export function trackOf(
  instrument: PlanInstrument,
  ranges: readonly DateRange[],
  calendar: SessionCalendar,
): Track {
  const life = lifeOf(instrument, calendar)
  const spans = normalize(ranges.map((range) => spanOf(range, calendar)))
  return { id: instrument.id, symbol: instrument.symbol, life, spans: clip(spans, life.start, life.end) }
}

/** One track per instrument of a region's items, in the order of their first item. */
export function tracksOf(
  items: readonly RegionItem[],
  instruments: InstrumentsById,
  calendar: SessionCalendar,
): Track[] {
  const ranges = new Map<number, DateRange[]>()
  for (const item of items) {
    const own = ranges.get(item.id)
    if (own) own.push(item)
    else ranges.set(item.id, [item])
  }
  return [...ranges].map(([id, own]) => trackOf(instrumentOf(id, instruments), own, calendar))
}

/** Every instrument of some exchanges over the sessions on which their market is wanted, by id. Without stubs. */
export function marketTracks(
  spans: readonly Span[],
  instruments: InstrumentsById,
  calendar: SessionCalendar,
  exchanges: readonly Exchange[],
): Track[] {
  const isOf = ofExchanges(exchanges)
  return [...instruments.values()]
    .filter((instrument) => !instrument.stub && isOf(instrument))
    .sort((a, b) => a.id - b.id)
    .map((instrument) => {
      const life = lifeOf(instrument, calendar)
      return { id: instrument.id, symbol: instrument.symbol, life, spans: clip(spans, life.start, life.end) }
    })
    .filter((track) => track.spans.length > 0)
}

/** Tracks without some spans; those with nothing left are dropped. */
export function tracksWithout(tracks: readonly Track[], spans: readonly Span[]): Track[] {
  if (spans.length === 0) return [...tracks]
  return tracks
    .map((track) => ({ ...track, spans: subtract(track.spans, spans) }))
    .filter((track) => track.spans.length > 0)
}
