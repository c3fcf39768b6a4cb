import fc from 'fast-check'
import { SessionCalendar } from '../../market/calendar.ts'
import { addDays } from '../../market/date.ts'
import type { TradeDate } from '../../market/date.ts'
import { exchangeOf } from '../../market/symbol.ts'
import { type MarketRows, marketFacts } from '../../planning/market-facts.ts'
import type { PlanInstrument, Region, ResolvedCapability, WantedItem } from '../../planning/types.ts'

/** Weekdays without one in 29, as holidays: enough closed days to find code that counts days instead of sessions. */
export function sessionsFrom(first: TradeDate, count: number): SessionCalendar {
  const sessions: TradeDate[] = []
  for (let day = first, i = 0; sessions.length < count; day = addDays(day, 1), i++) {
    if (![0, 6].includes(new Date(day).getUTCDay()) && i % 29 !== 7) sessions.push(day)
  }
  return new SessionCalendar(sessions)
}

export interface Market {
  calendar: SessionCalendar
  instruments: PlanInstrument[]
  byId: Map<number, PlanInstrument>
  capability: ResolvedCapability
  marketRows: MarketRows
}

export const ALWAYS = { from: '1990-12-19', to: '2099-12-31' }

export const CAPABILITY: ResolvedCapability = {
  api: 'daily',
  budget: 'daily',
  site: 'server',
  exchanges: ['SSE', 'SZSE', 'BSE'],
  historyStart: '1990-12-19',
  bySymbols: { maxSymbols: 100, rowCap: 6000 },
  byDate: { rowCap: 6000, maxDates: 1, ...ALWAYS },
  readyTime: '17:00',
}

export function marketOf(
  calendar: SessionCalendar,
  lives: [number | null, number | null][],
  capability = CAPABILITY,
  suffixes: readonly string[] = ['SZ'],
): Market {
  const dateAt = (position: number | null) =>
    position === null ? null : (calendar.sessions[position] ?? null)
  const instruments = lives.map(([list, delist], i) => ({
    id: i + 1,
    symbol: `${String(i + 1).padStart(6, '0')}.${suffixes[i % suffixes.length] ?? 'SZ'}`,
    listDate: dateAt(list),
    delistDate: dateAt(delist),
  }))
  return {
    calendar,
    instruments,
    byId: new Map(instruments.map((instrument) => [instrument.id, instrument])),
    capability,
    marketRows: marketFacts(calendar, instruments).marketRows,
  }
}

/** Dates of calls by date: all, or a part of the first months of a market. */
const reaches = fc.oneof(
  fc.constant(ALWAYS),
  fc.tuple(fc.nat(80), fc.nat(80)).map(([start, days]) => {
    const from = addDays('2019-12-20', start)
    return { from, to: addDays(from, days) }
  }),
)

/** Caps so small that a small market meets every limit. Whatever is out of reach by date can be asked by symbols. */
export const capabilities: fc.Arbitrary<ResolvedCapability> = fc
  .record({
    bySymbols: fc.option(
      fc.record({
        maxSymbols: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 12 })),
        rowCap: fc.integer({ min: 1, max: 120 }),
      }),
    ),
    byDate: fc.option(
      fc.record(
        {
          rowCap: fc.integer({ min: 1, max: 60 }),
          maxDates: fc.integer({ min: 1, max: 4 }),
          cost: fc.integer({ min: 2, max: 9 }),
        },
        { requiredKeys: ['rowCap', 'maxDates'] },
      ),
    ),
    reach: reaches,
    sparse: fc.boolean(),
  })
  .filter(({ bySymbols, byDate }) => bySymbols !== null || byDate !== null)
  .map(({ bySymbols, byDate, reach, sparse }) => ({
    ...CAPABILITY,
    bySymbols,
    byDate: byDate && { ...byDate, ...(bySymbols ? reach : ALWAYS) },
    ...(sparse && bySymbols?.maxSymbols === 1 && { sparse }),
  }))

/** A market with stocks that were listed before, in and after the calendar, left it, or have no dates. */
export const markets: fc.Arbitrary<Market> = fc
  .record({
    sessions: fc.integer({ min: 1, max: 90 }),
    lives: fc.array(fc.tuple(fc.option(fc.nat(100)), fc.option(fc.nat(60), { freq: 2 })), {
      minLength: 1,
      maxLength: 40,
    }),
    capability: capabilities,
  })
  .map(({ sessions, lives, capability }) =>
    marketOf(
      sessionsFrom('2019-12-20', sessions),
      lives.map(([list, years]) => [list, years === null ? null : (list ?? 0) + years]),
      capability,
    ),
  )

export const cell = (id: number, date: TradeDate): string => `${id}/${date}`

export const isAlive = ({ listDate, delistDate }: PlanInstrument, date: TradeDate): boolean =>
  (listDate === null || listDate <= date) && (delistDate === null || date < delistDate)

/** Every cell of wanted items, one by one: the slow definition that planning is held against. */
export function cellsOfItems(items: readonly WantedItem[], calendar: SessionCalendar): string[] {
  return items.flatMap(({ instrument, ranges }) =>
    calendar.sessions
      .filter(
        (date) => isAlive(instrument, date) && ranges.some(({ from, to }) => from <= date && date <= to),
      )
      .map((date) => cell(instrument.id, date)),
  )
}

/** Every cell of a region, one by one; of a market region those of all instruments. */
export function cellsOfRegion(region: Region, { calendar, instruments, byId }: Market): string[] {
  if (region.kind === 'market') {
    const isOf = (symbol: string) => !region.exchanges || region.exchanges.includes(exchangeOf(symbol))
    return region.dates.flatMap((date) =>
      instruments
        .filter((instrument) => isOf(instrument.symbol) && isAlive(instrument, date))
        .map(({ id }) => cell(id, date)),
    )
  }
  if (region.kind !== 'symbols') return []
  return region.items.flatMap(({ id, from, to }) => {
    const instrument = byId.get(id)
    return instrument ? cellsOfItems([{ instrument, ranges: [{ from, to }] }], calendar) : []
  })
}

/** Every cell that calls bring. */
export function cellsOfCalls(
  calls: readonly { symbols: readonly string[] | null; from: TradeDate | null; to: TradeDate | null }[],
  { calendar, instruments }: Market,
): string[] {
  return calls.flatMap(({ symbols, from, to }) =>
    cellsOfItems(
      instruments
        .filter((instrument) => symbols === null || symbols.includes(instrument.symbol))
        .map((instrument) => ({ instrument, ranges: [{ from: from ?? '9999', to: to ?? '0000' }] })),
      calendar,
    ),
  )
}

/** What is wanted of a market after random damage: whole stocks, whole sessions, stretches and single cells. */
export const wantedOf = ({ instruments, calendar }: Market): fc.Arbitrary<WantedItem[]> => {
  const position = fc.nat(calendar.length - 1)
  const stretch = fc.tuple(position, fc.constantFrom(0, 0, 1, 10, 50)).map(([start, length]) => ({
    from: calendar.at(start),
    to: calendar.at(Math.min(calendar.length - 1, start + length)),
  }))
  const whole = { from: calendar.at(0), to: calendar.at(calendar.length - 1) }
  return fc
    .record({
      everyone: fc.array(stretch, { maxLength: 2 }),
      stocks: fc.array(
        fc.tuple(
          fc.nat(instruments.length - 1),
          fc.oneof(fc.constant([whole]), fc.array(stretch, { maxLength: 4 })),
        ),
        { maxLength: 30 },
      ),
    })
    .map(({ everyone, stocks }) =>
      instruments.map((instrument, i) => ({
        instrument,
        ranges: merge(
          [...everyone, ...stocks.flatMap(([index, ranges]) => (index === i ? ranges : []))],
          calendar,
        ),
      })),
    )
}

const merge = (ranges: { from: TradeDate; to: TradeDate }[], calendar: SessionCalendar) =>
  calendar.sessions
    .filter((date) => ranges.some(({ from, to }) => from <= date && date <= to))
    .map((date) => ({ from: date, to: date }))
