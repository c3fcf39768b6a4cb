import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SessionCalendar } from '../../market/calendar.ts'
import { addDays } from '../../market/date.ts'
import type { DateRange, PlanInstrument } from '../../planning/types.ts'
import { MARKET_ID, parseMultirange, subtractCovered, subtractUnmixed } from '../../planning/wanted.ts'
import type { SourceCoverage } from '../../planning/wanted.ts'
import { cell, cellsOfItems, isAlive, markets, sessionsFrom } from './market.ts'
import type { Market } from './market.ts'

const everyone = (): boolean => true

const coverage = ({ calendar, instruments }: Market): fc.Arbitrary<SourceCoverage> => {
  const day = fc.nat(150).map((days) => addDays(calendar.at(0), days - 10))
  const range = fc.tuple(day, fc.nat(60)).map(([from, days]) => ({ from, to: addDays(from, days) }))
  const id = fc.nat(instruments.length)
  return fc.record({
    ranges: fc.array(fc.tuple(id, fc.array(range, { maxLength: 3 }))).map((pairs) => new Map(pairs)),
    holes: fc.array(fc.tuple(id, fc.array(day, { maxLength: 5 }))).map((pairs) => new Map(pairs)),
    serves: fc.constantFrom(everyone, (instrument: PlanInstrument) => instrument.id % 3 > 0),
  })
}

const isCovered = (
  { ranges, holes, serves }: SourceCoverage,
  instrument: PlanInstrument,
  date: string,
): boolean =>
  [instrument.id, ...(serves(instrument) ? [MARKET_ID] : [])].some((key) =>
    ranges.get(key)?.some(({ from, to }) => from <= date && date <= to),
  ) && ![instrument.id, MARKET_ID].some((key) => holes.get(key)?.includes(date))

/** Every session of a range on which an instrument is listed. */
const wholeOf = (instrument: PlanInstrument, { from, to }: DateRange, { calendar }: Market): string[] =>
  calendar.sessions.filter((date) => date >= from && date <= to && isAlive(instrument, date))

describe('subtractCovered', () => {
  test('wants exactly the cells within range and life that no source covers', () => {
    const scenes = markets.chain((market) =>
      fc.tuple(fc.constant(market), fc.array(coverage(market), { maxLength: 3 }), fc.nat(90), fc.nat(90)),
    )
    fc.assert(
      fc.property(scenes, ([market, covered, start, days]) => {
        const { calendar, instruments } = market
        const from = addDays(calendar.at(0), start)
        const range = { from, to: addDays(from, days) }
        const wanted = subtractCovered({ instruments, range, calendar, covered })
        const expected = instruments.flatMap((instrument) =>
          wholeOf(instrument, range, market)
            .filter((date) => !covered.some((source) => isCovered(source, instrument, date)))
            .map((date) => cell(instrument.id, date)),
        )
        expect(cellsOfItems(wanted, calendar)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('coverage that reaches over closed days leaves nothing wanted', () => {
    const calendar = new SessionCalendar(['2024-09-27', '2024-09-30', '2024-10-08'])
    const instruments = [{ id: 7, symbol: '000001.SZ', listDate: '1991-04-03', delistDate: null }]
    const ranges = new Map([[7, parseMultirange('{[2024-09-27,2024-09-30),[2024-09-30,2024-10-09)}')]])
    const range = { from: '2024-09-27', to: '2024-10-08' }
    expect(
      subtractCovered({
        instruments,
        range,
        calendar,
        covered: [{ ranges, holes: new Map(), serves: everyone }],
      }),
    ).toEqual([])
  })

  test('a hole of one source is covered by another source', () => {
    const calendar = sessionsFrom('2024-01-01', 5)
    const date = calendar.at(2)
    const instruments = [{ id: 1, symbol: '000001.SZ', listDate: null, delistDate: null }]
    const range = { from: calendar.at(0), to: calendar.at(4) }
    const full = { ranges: new Map([[1, [range]]]), holes: new Map<number, string[]>(), serves: everyone }
    const punched = { ...full, holes: new Map([[1, [date]]]) }
    const wantedOf = (covered: SourceCoverage[]) => subtractCovered({ instruments, range, calendar, covered })
    expect(wantedOf([punched])).toEqual([{ instrument: instruments[0], ranges: [{ from: date, to: date }] }])
    expect(wantedOf([punched, full])).toEqual([])
  })

  test('a market of 5,700 stocks and 8,768 sessions takes seconds at most', () => {
    const calendar = sessionsFrom('1990-12-19', 8768)
    const instruments = Array.from({ length: 5700 }, (_, i) => ({
      id: i + 1,
      symbol: `${String(i).padStart(6, '0')}.SZ`,
      listDate: calendar.at(i),
      delistDate: null,
    }))
    const ranges = new Map(
      instruments.map(({ id }, i) => [id, [{ from: calendar.at(i), to: calendar.at(8000) }]]),
    )
    const start = performance.now()
    const range = { from: calendar.at(0), to: calendar.at(8767) }
    const wanted = subtractCovered({
      instruments,
      range,
      calendar,
      covered: [{ ranges, holes: new Map(), serves: everyone }],
    })
    expect(wanted).toHaveLength(5700)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('subtractUnmixed', () => {
  test('wants what the planned source lacks of every instrument that no source has as a whole', () => {
    const scenes = markets.chain((market) =>
      fc.tuple(fc.constant(market), fc.array(coverage(market), { minLength: 1, maxLength: 3 }), fc.nat(90)),
    )
    fc.assert(
      fc.property(scenes, ([market, covered, days]) => {
        const { calendar, instruments } = market
        const range = { from: calendar.at(0), to: addDays(calendar.at(0), days) }
        const [planned = expect.fail()] = covered
        const wanted = subtractUnmixed({ instruments, range, calendar, covered, planned })
        const expected = instruments.flatMap((instrument) => {
          const whole = wholeOf(instrument, range, market)
          const hasAll = (source: SourceCoverage) =>
            whole.every((date) => isCovered(source, instrument, date))
          return covered.some(hasAll)
            ? []
            : whole
                .filter((date) => !isCovered(planned, instrument, date))
                .map((date) => cell(instrument.id, date))
        })
        expect(cellsOfItems(wanted, calendar)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('halves of two sources do not make a whole', () => {
    const calendar = sessionsFrom('2024-01-01', 6)
    const instruments = [{ id: 1, symbol: '000001.SZ', listDate: null, delistDate: null }]
    const half = (from: number, to: number): SourceCoverage => ({
      ranges: new Map([[1, [{ from: calendar.at(from), to: calendar.at(to) }]]]),
      holes: new Map(),
      serves: everyone,
    })
    const [older, newer] = [half(0, 2), half(3, 5)]
    const options = { instruments, range: { from: calendar.at(0), to: calendar.at(5) }, calendar }
    expect(subtractCovered({ ...options, covered: [older, newer] })).toEqual([])
    expect(subtractUnmixed({ ...options, covered: [older, newer], planned: newer })).toEqual([
      { instrument: instruments[0], ranges: [{ from: calendar.at(0), to: calendar.at(2) }] },
    ])
  })
})

describe('parseMultirange', () => {
  test.each([
    ['{}', []],
    ['{[2024-01-02,2024-01-05)}', [{ from: '2024-01-02', to: '2024-01-04' }]],
    [
      '{[1990-12-19,2024-01-03),[2024-02-01,2024-02-05)}',
      [
        { from: '1990-12-19', to: '2024-01-02' },
        { from: '2024-02-01', to: '2024-02-04' },
      ],
    ],
    ['[2024-02-28,2024-03-01)', [{ from: '2024-02-28', to: '2024-02-29' }]],
    ['{[2024-01-02,2024-01-05]}', [{ from: '2024-01-02', to: '2024-01-05' }]],
    ['{(2024-01-02,2024-01-05)}', [{ from: '2024-01-03', to: '2024-01-04' }]],
    ['{(,2024-01-05)}', [{ from: '0001-01-01', to: '2024-01-04' }]],
    ['{[2024-01-02,)}', [{ from: '2024-01-02', to: '9999-12-31' }]],
    ['{[-infinity,infinity]}', [{ from: '0001-01-01', to: '9999-12-31' }]],
    ['empty', []],
  ])('reads %s', (text, ranges) => {
    expect(parseMultirange(text)).toEqual(ranges)
  })

  test.each([
    '{[2024-01-02,2024-01-05}',
    'nothing',
    '{[2024-01-02,2024-01-05),x}',
    '{[2024-01-0,2024-01-05)}',
  ])('refuses %s', (text) => {
    expect(() => parseMultirange(text)).toThrow(TypeError)
  })
})
