import type { BarSeries } from '../series.ts'
import { CLOSE, HIGH, LOW, OPEN, PRE_CLOSE, roundHalfAway } from '../series.ts'

/** A bar of any period. Prices in 0.01 yuan, volume in shares, amount in yuan. */
export interface Kline {
  /** `YYYYMMDD` of the last session in it. */
  readonly date: string
  readonly open: number
  readonly close: number
  readonly high: number
  readonly low: number
  /** What change and amplitude are measured against. */
  readonly preClose: number
  readonly volume: number
  readonly amount: number
}

export type Adjustment = '' | 'qfq' | 'hfq'
export type Period = 'daily' | 'weekly' | 'monthly'

interface ExRight {
  /** Cash in 0.01 yuan for one share. */
  readonly cash: number
  /** Shares that one share becomes. */
  readonly ratio: number
}

/**
 * What a step from a close to the next reference price consists of: as many tenths of new shares as fit, the rest is
 * cash. A reference of 0.01 yuan is rounded, so that new shares alone may leave up to half of it times the ratio.
 */
const splitExRight = (close: number, reference: number): ExRight => {
  // In whole tenths, so that no division decides by its noise.
  const most = 10 * (close + 1)
  const tenths = Math.max(10, (most - (most % reference)) / reference)
  const cash = 10 * close - tenths * reference
  const isRounding = tenths > 10 && Math.abs(cash) <= tenths
  return { ratio: tenths / 10, cash: isRounding ? 0 : roundHalfAway(cash / 10) }
}

const toKline = (series: BarSeries, row: number, date: string): Kline => ({
  date,
  open: series.price(row, OPEN),
  close: series.price(row, CLOSE),
  high: series.price(row, HIGH),
  low: series.price(row, LOW),
  preClose: series.price(row, PRE_CLOSE),
  volume: series.volume(row),
  amount: series.amount(row),
})

/** Daily bars of these rows, unadjusted. */
export const dailyKlines = (
  series: BarSeries,
  rows: readonly number[],
  sessions: readonly string[],
): Kline[] => rows.map((row) => toKline(series, row, sessions[series.sessionOf(row)] ?? ''))

interface Line {
  readonly slope: number
  readonly offset: number
}

/** For each bar the line that its prices are put on: the newest bar (qfq) or the oldest one (hfq) stays as it is. */
const adjustmentLines = (bars: readonly Kline[], adjustment: 'qfq' | 'hfq'): Line[] => {
  const lines: Line[] = []
  let { slope, offset }: Line = { slope: 1, offset: 0 }
  const isForward = adjustment === 'hfq'
  for (let step = 0; step < bars.length; step++) {
    const at = isForward ? step : bars.length - 1 - step
    const before = bars[isForward ? at - 1 : at]
    const after = bars[isForward ? at : at + 1]
    if (before !== undefined && after !== undefined && before.close !== after.preClose) {
      const { cash, ratio } = splitExRight(before.close, after.preClose)
      if (isForward) {
        offset += slope * cash
        slope *= ratio
      } else {
        slope /= ratio
        offset -= slope * cash
      }
    }
    lines[at] = { slope, offset }
  }
  return lines
}

/**
 * Adjusts as East Money does: cash is subtracted, then divided by the new shares. Prices long ago may become negative,
 * and they are not what factors give.
 */
export const adjust = (bars: readonly Kline[], adjustment: Adjustment): Kline[] => {
  if (adjustment === '') return [...bars]
  const lines = adjustmentLines(bars, adjustment)
  const adjusted: Kline[] = []
  bars.forEach((bar, at) => {
    const { slope = 1, offset = 0 } = lines[at] ?? {}
    // Six decimals first: a half must not be decided by the noise of the steps before.
    const on = (price: number): number => roundHalfAway(Math.round((slope * price + offset) * 1e6) / 1e6)
    adjusted.push({
      ...bar,
      open: on(bar.open),
      close: on(bar.close),
      high: on(bar.high),
      low: on(bar.low),
      preClose: adjusted.at(-1)?.close ?? on(bar.preClose),
    })
  })
  return adjusted
}

const DAY_MS = 86_400_000

/** A number that all days of one week or month share. 1970-01-01 was a Thursday, weeks begin on Monday. */
const periodOf = (date: string, period: 'weekly' | 'monthly'): string => {
  if (period === 'monthly') return date.slice(0, 6)
  const day =
    Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8))) / DAY_MS
  return String(Math.floor((day + 3) / 7))
}

const joined = (first: Kline, next: Kline): Kline => ({
  ...first,
  date: next.date,
  close: next.close,
  high: Math.max(first.high, next.high),
  low: Math.min(first.low, next.low),
  volume: first.volume + next.volume,
  amount: first.amount + next.amount,
})

/** Joins daily bars to bars of weeks or months; the newest one may be unfinished. */
export const resample = (bars: readonly Kline[], period: Period): Kline[] => {
  if (period === 'daily') return [...bars]
  const out: Kline[] = []
  let current = ''
  for (const bar of bars) {
    const id = periodOf(bar.date, period)
    const last = out.at(-1)
    if (last !== undefined && id === current) out[out.length - 1] = joined(last, bar)
    else out.push(bar)
    current = id
  }
  return out
}
