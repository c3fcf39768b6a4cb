import { createCalendar } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { correctBar } from './correct.ts'
import { isoDate } from './decimal.ts'
import type { BarPatch, ReplayMarket } from './market.ts'
import { readBars, readFactors } from './recorded/bars.ts'
import { pickColumns, readCsv } from './recorded/csv.ts'
import { readIndices } from './recorded/indices.ts'
import { readInstruments } from './recorded/lists.ts'
import { readReports } from './recorded/reports.ts'
import { readValuations } from './recorded/valuations.ts'
import { BarSeries, FactorRuns } from './series.ts'
import { createTruth } from './truth.ts'
import { NO_VALUATIONS } from './valuation.ts'

const WHOLE_MARKET = [
  'daily_market_20191014_20191025',
  'daily_market_20230103_20230316',
  'daily_market_20260320_20260401',
]
const STOCK_RANGES = ['daily_csi300_20180102_20200110', 'daily_2stocks_202309_202510_reconstructed']
const FACTORS_WHOLE_MARKET = ['adj_factor']
const FACTORS_STOCK_RANGES = ['adj_factor_csi300_2018_2020_reconstructed']

/** Instruments x dates that a recording holds; all dates `YYYY-MM-DD`, both ends included. */
export interface Regions {
  /** Days on which every instrument that traded has its row, but for the few that the MANIFEST names. */
  readonly wholeMarketDates: readonly string[]
  /** Instruments that are complete over a range of dates. */
  readonly stockRanges: readonly {
    readonly codes: readonly string[]
    readonly from: string
    readonly to: string
  }[]
}

export interface RecordedMarket extends ReplayMarket {
  /** What a run over this market can want: everything else was recorded nowhere. */
  readonly regions: (dataset?: 'daily' | 'adj_factor') => Regions
  /** Rows that two files have in common; they are equal, or loading fails. */
  readonly duplicates: number
}

const readCalendar = (directory: string): Calendar =>
  createCalendar(
    pickColumns(readCsv(directory, 'trade_cal'), ['cal_date', 'is_open', 'pretrade_date']).map(
      ([date = '', open, previous = '']) => ({
        date,
        open: open === '1',
        previousSession: previous === '' ? null : previous,
      }),
    ),
  )

/** The keys of a file's rows, dates as `YYYY-MM-DD`. */
const keys = (directory: string, file: string): (readonly [code: string, date: string])[] =>
  pickColumns(readCsv(directory, file), ['ts_code', 'trade_date']).map(([code = '', date = '']) => [
    code,
    isoDate(date),
  ])

// Between two stretches of one file lie years; within a stretch every session has some row.
const STRETCH_GAP_MS = 60 * 86_400_000

/**
 * The stretches of dates that a file covers, with the codes that occur in each. A code of a stretch is complete over
 * all of it: a session without its row is one on which it was suspended or not listed.
 */
const stretchesOf = (rows: readonly (readonly [code: string, date: string])[]): Regions['stockRanges'] => {
  const stretches: { codes: Set<string>; from: string; to: string }[] = []
  for (const [code, date] of rows.toSorted((a, b) => (a[1] < b[1] ? -1 : 1))) {
    const last = stretches.at(-1)
    if (last !== undefined && Date.parse(date) - Date.parse(last.to) < STRETCH_GAP_MS) {
      last.codes.add(code)
      last.to = date
    } else stretches.push({ codes: new Set([code]), from: date, to: date })
  }
  return stretches.map(({ codes, from, to }) => ({ codes: [...codes].sort(), from, to }))
}

const regionsOf = (
  directory: string,
  wholeMarket: readonly string[],
  ranges: readonly string[],
): Regions => ({
  wholeMarketDates: [
    ...new Set(wholeMarket.flatMap((file) => keys(directory, file).map(([, date]) => date))),
  ].sort(),
  stockRanges: ranges.flatMap((file) => stretchesOf(keys(directory, file))),
})

const NO_BARS = new BarSeries(0, 0)
const NO_FACTORS = new FactorRuns(new Uint16Array(0), new Uint16Array(0), new Float64Array(0))

/**
 * A directory of recorded data (gzipped CSV files as its MANIFEST.md describes) as a market. Values are exactly the
 * recorded ones. There are no suspensions, code changes or names in it, and it says so instead of answering "none".
 */
export const openRecordedMarket = (directory: string): RecordedMarket => {
  const calendar = readCalendar(directory)
  const { byCode: bars, duplicates } = readBars(directory, [...STOCK_RANGES, ...WHOLE_MARKET], calendar)
  const factors = readFactors(directory, [...FACTORS_WHOLE_MARKET, ...FACTORS_STOCK_RANGES], calendar)
  const valuations = readValuations(directory, calendar)
  const instruments = readInstruments(directory, [...bars.keys(), ...factors.keys(), ...valuations.keys()])
  const byCode = new Map(instruments.map((instrument) => [instrument.code, instrument]))
  const code = (id: number): string => instruments[id]?.code ?? ''
  const series = [...bars.values()]
  const core = {
    label: 'recorded data (not for publication)',
    calendar,
    firstSession: Math.min(...series.map(({ first }) => first)),
    lastSession: Math.max(...series.map(({ last }) => last)),
    offers: { suspensions: false, codeChanges: false, nameChanges: false },
    instruments,
    find: (wanted: string) => byCode.get(wanted),
    bars: (id: number) => bars.get(code(id)) ?? NO_BARS,
    factors: (id: number) => factors.get(code(id)) ?? NO_FACTORS,
    suspensions: () => [],
    indices: readIndices(directory, calendar),
    codeChanges: () => [],
    names: () => [],
    reports: readReports(directory),
    valuations: (id: number) => valuations.get(code(id)) ?? NO_VALUATIONS,
    setToday: () => {
      throw new Error('a recording cannot move its today')
    },
    correct: (wanted: string, date: string, patch: BarPatch) => correctBar(core, wanted, date, patch),
  }
  const regions: RecordedMarket['regions'] = (dataset = 'daily') =>
    dataset === 'daily'
      ? regionsOf(directory, WHOLE_MARKET, STOCK_RANGES)
      : regionsOf(directory, FACTORS_WHOLE_MARKET, FACTORS_STOCK_RANGES)
  return Object.assign(core, createTruth(core), { regions, duplicates })
}
