import type { Instrument } from '../market.ts'
import type { BarSeries } from '../series.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE, roundHalfAway } from '../series.ts'
import { isListed, publishedRow } from './instruments.ts'
import type { ToolContext } from './tool-function.ts'

/** What a snapshot of the newest session says of one instrument. Prices in 0.01 yuan, volume in shares, amount in yuan. */
export interface Quote {
  readonly instrument: Instrument
  readonly series: BarSeries
  /** Row of the newest bar, of an earlier session when it is suspended; -1: never traded. */
  readonly newest: number
  /** Null: no trading on this session. */
  readonly bar: {
    readonly open: number
    readonly close: number
    readonly high: number
    readonly low: number
    readonly volume: number
    readonly amount: number
    /** 0.01 % */
    readonly change: number
  } | null
  /** The reference of the day, or the last close of one that does not trade; null: never traded. */
  readonly preClose: number | null
}

const newestRow = (context: ToolContext, id: number, series: BarSeries): number => {
  for (let session = Math.min(context.session, series.last); session >= series.first; session--) {
    const row = publishedRow(context, id, series, session)
    if (row >= 0) return row
  }
  return -1
}

const quoteOf = (context: ToolContext, instrument: Instrument): Quote => {
  const series = context.market.bars(instrument.id)
  const newest = newestRow(context, instrument.id, series)
  const trades = newest >= 0 && series.sessionOf(newest) === context.session
  if (!trades) {
    return {
      instrument,
      series,
      newest,
      bar: null,
      preClose: newest < 0 ? null : series.price(newest, CLOSE),
    }
  }
  const [close, preClose] = [series.price(newest, CLOSE), series.price(newest, PRE_CLOSE)]
  const bar = {
    open: series.price(newest, OPEN),
    close,
    high: series.price(newest, HIGH),
    low: series.price(newest, LOW),
    volume: series.volume(newest),
    amount: series.amount(newest),
    change: roundHalfAway(((close - preClose) * 10_000) / preClose),
  }
  return { instrument, series, newest, bar, preClose }
}

/**
 * Everything that is listed, suspended or not, in the order of the codes. What trades belongs to it too, whatever its
 * status: the list of a recording may be younger than its newest session.
 */
export const quotesOf = (context: ToolContext): Quote[] =>
  context.market.instruments
    .map((instrument) => quoteOf(context, instrument))
    .filter(({ instrument, bar }) => bar !== null || isListed(instrument))

/** Change over the bars from `from` (a session) to the newest one, dividends taken into account; in 0.01 %. */
const changeOver = (
  series: BarSeries,
  newest: number,
  isIn: (row: number, bars: number) => boolean,
): number => {
  let growth = 1
  let bars = 0
  for (let row = newest; row >= 0 && isIn(row, bars); row--) {
    const close = series.price(row, CLOSE)
    if (close === 0) continue
    growth *= close / series.price(row, PRE_CLOSE)
    bars += 1
  }
  return Math.round((growth - 1) * 10_000)
}

/** Over the newest 60 bars, and over those since the session `yearStart`; in 0.01 %. Null where bars may be missing. */
export const longChanges = (
  { series, newest }: Quote,
  yearStart: number,
): readonly [number | null, number | null] => {
  if (series.sessions !== null) return [null, null]
  return [
    changeOver(series, newest, (_, bars) => bars < 60),
    changeOver(series, newest, (row) => series.sessionOf(row) >= yearStart),
  ]
}

const BEFORE = 5

/** The day's volume against the mean of its five bars before, in 0.01; null where there are none or some may be missing. */
export const volumeRatio = ({ series, newest, bar }: Quote): number | null => {
  if (series.sessions !== null) return null
  let sum = 0
  let days = 0
  for (let row = newest - 1; row >= 0 && days < BEFORE; row--) {
    if (series.price(row, CLOSE) === 0) continue
    sum += series.volume(row)
    days += 1
  }
  return bar === null || sum === 0 ? null : Math.round((bar.volume * days * 100) / sum)
}
