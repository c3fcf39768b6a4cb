import { addDays, type TradeDate } from './date.ts'
import { firstPlace } from './first-place.ts'

/*
 * Adjusted prices. Bars are stored raw; adjusted ones are computed when they are read and never stored, since every
 * ex-date rewrites a forward-adjusted history.
 *
 * With factor(t) the cumulative adjustment factor of day t, as the source serves it:
 *
 *   backward  hfq(t) = raw(t) × factor(t)
 *   forward   qfq(t) = raw(t) × factor(t) / factor(anchor)
 *
 * This holds for open, high, low, close and pre_close; change is the difference of the adjusted close and pre_close. The
 * raw pre_close is the ex-right reference, so the adjusted one equals the adjusted close of the session before, up to
 * the half cent that exchanges round that reference to. Tushare's and BaoStock's own adjusted series do the same. pct_chg,
 * volume and amount stay raw: pct_chg is against the ex-right reference already.
 *
 * Whose factors: those of one source for all of an instrument's life, because every source has a scale of its own. Bars of
 * a named source take the factors of that source, the best bars those of the source that covers the life best (the
 * database's view `factor_source`), whoever brought the bars: raw prices of all sources are on one scale, factors are not.
 *
 * A factor holds from its row up to the next one, also through a suspension, but only on days that the source is known to
 * have answered for. Where it is missing, prices are null and the row says so: the raw price is never put in its place.
 */

/** How prices are adjusted. `anchored`: relative to the factor of one day. */
export const ADJUSTMENTS = {
  none: { title: 'as traded', anchored: false },
  qfq: { title: 'adjusted forward: the price of the anchor day is as traded', anchored: true },
  hfq: { title: 'adjusted backward: the price of the first day is as traded', anchored: false },
} as const satisfies Record<string, { title: string; anchored: boolean }>

export type Adjustment = keyof typeof ADJUSTMENTS
export const ADJUSTMENT_NAMES = Object.keys(ADJUSTMENTS) as Adjustment[]

/**
 * Decimals of an adjusted price, unless another number is asked for. With fewer, old prices of stocks that were split often
 * merge: the largest factor of the market is 10,055 (600653.SH), which makes one cent of 1990 0.000001 yuan. BaoStock
 * serves as many, Tushare's client two.
 */
export const ADJUSTED_DECIMALS = 8

/** A factor that holds from a day on; exact decimal text, or null where nobody knows it. */
export interface FactorStep {
  from: TradeDate
  factor: string | null
}

/** What one source says of the factors of one instrument. */
export interface FactorFacts {
  /** Rows where the factor is another than in the row before, and rows behind days that are not known; ascending. */
  steps: readonly { date: TradeDate; factor: string }[]
  /** The days that the source has answered for; ascending and apart. */
  known: readonly KnownDays[]
  /** Days whose own row is missing between two different factors: either may hold. */
  doubtful: readonly TradeDate[]
}

/** Days from one to another, both included. */
export interface KnownDays {
  from: TradeDate
  to: TradeDate
  /**
   * Only of sources with rows on ex-dates: these days belong to all that there is from the beginning of the instrument's life,
   * so that no row means that the factor is 1. Other days may have missed a step, and know a factor from their first row on.
   */
  isWhole: boolean
}

const BEFORE_ALL: FactorStep = { from: '0001-01-01', factor: null }
const LAST_DATE = '9999-12-31'

/** The factor of every day, as steps that ascend by date. The first one is before all dates and knows nothing. */
export function factorSteps({ steps, known, doubtful }: FactorFacts): FactorStep[] {
  const found = [BEFORE_ALL]
  let next = 0
  let last: string | null = null
  for (const { from, to, isWhole } of known) {
    let own: string | null = null
    for (let step = steps[next]; step && step.date <= from; step = steps[++next]) {
      last = step.factor
      if (step.date === from) own = step.factor
    }
    put(found, from, isWhole ? (last ?? '1') : own)
    for (let step = steps[next]; step && step.date <= to; step = steps[++next]) {
      last = step.factor
      put(found, step.date, step.factor)
    }
    put(found, dayAfter(to), null)
  }
  for (const date of doubtful) forget(found, date)
  return found
}

/** Adds a step behind the others; of two on one day the later one counts, and a step to the same factor is none. */
function put(steps: FactorStep[], from: TradeDate, factor: string | null): void {
  if (steps.at(-1)?.from === from) steps.pop()
  if (steps.length === 0 || steps.at(-1)?.factor !== factor) steps.push({ from, factor })
}

/** Makes one day unknown. */
function forget(steps: FactorStep[], date: TradeDate): void {
  const at = steps.findLastIndex(({ from }) => from <= date)
  const { from, factor } = steps[at] ?? BEFORE_ALL
  if (factor === null) return
  const next = dayAfter(date)
  const after = steps[at + 1]?.from === next ? [] : [{ from: next, factor }]
  steps.splice(from === date ? at : at + 1, from === date ? 1 : 0, { from: date, factor: null }, ...after)
}

const dayAfter = (date: TradeDate): TradeDate => (date === LAST_DATE ? date : addDays(date, 1))

/** The factor that holds on a day; null when it is not known. */
export const factorAt = (steps: readonly FactorStep[], date: TradeDate): string | null =>
  factorStepAt(steps, date).factor

/** The factor that holds on a day, and the day from which another one does. */
export function factorStepAt(
  steps: readonly FactorStep[],
  date: TradeDate,
): { factor: string | null; until: TradeDate } {
  const next = firstPlace(0, steps.length, (i) => (steps[i]?.from ?? '') <= date)
  return { factor: steps[next - 1]?.factor ?? null, until: steps[next]?.from ?? BEYOND_ALL }
}

// Behind every date as a text.
const BEYOND_ALL = ':'

/**
 * What a raw price of a day is multiplied by; null when nobody can know. `anchor` is the newest factor at or before the
 * anchor day, which counts for `qfq` only.
 */
export function adjustmentRatio(
  adjust: Adjustment,
  factor: string | null,
  anchor: string | null,
): number | null {
  if (adjust === 'none') return 1
  if (factor === null) return null
  if (!ADJUSTMENTS[adjust].anchored) return Number(factor)
  return anchor === null ? null : Number(factor) / Number(anchor)
}

/** Prices of a bar, in yuan; `pre_close` may be missing. */
export interface Prices {
  open: number
  high: number
  low: number
  close: number
  preClose: number | null
}

/** Prices times a ratio, not rounded: 15 digits are right, which is more than any decimals that they are rounded to. */
export const adjustPrices = ({ open, high, low, close, preClose }: Prices, ratio: number): Prices => ({
  open: open * ratio,
  high: high * ratio,
  low: low * ratio,
  close: close * ratio,
  preClose: preClose === null ? null : preClose * ratio,
})

/** A number with at most so many decimals, halves away from zero. */
export const rounded = (value: number, decimals: number): number => roundedTo(value, 10 ** decimals)

/** The same of many numbers, in their places. */
export function roundAll(values: Float64Array, decimals: number): void {
  const scale = 10 ** decimals
  for (let i = 0; i < values.length; i++) values[i] = roundedTo(values[i] ?? NaN, scale)
}

/** Many numbers times a ratio, in their places. */
export function scaleAll(values: Float64Array, ratio: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? NaN) * ratio
}

/** Of many numbers and as many others what is between them, into places. */
export function setDifferences(places: Float64Array, values: Float64Array, others: Float64Array): void {
  for (let i = 0; i < places.length; i++) places[i] = (values[i] ?? NaN) - (others[i] ?? NaN)
}

function roundedTo(value: number, scale: number): number {
  const scaled = Math.round(Math.abs(value) * scale)
  // Beyond 2^53 there is nothing behind the point to round.
  if (scaled > Number.MAX_SAFE_INTEGER) return value
  return value < 0 && scaled > 0 ? -scaled / scale : scaled / scale
}
