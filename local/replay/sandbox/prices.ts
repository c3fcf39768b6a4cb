import { BarSeries, FactorRuns } from '../series.ts'
import type { BarValues } from '../series.ts'
import type { Climate } from './climate.ts'
import type { DayPlan } from './day-plan.ts'
import type { Life } from './life.ts'
import { limitDown, limitUp, NO_LIMIT } from './limits.ts'
import type { Origin } from './population.ts'
import { hashSeed, Rng } from './rng.ts'

export interface PricedLife {
  readonly bars: BarSeries
  readonly factors: FactorRuns
}

interface Walk {
  readonly rng: Rng
  readonly origin: Origin
  readonly beta: number
  readonly deviation: number
  /** Usual shares per day. */
  readonly usualVolume: number
  /** Shares may come in any number, not only in lots (on STAR always, elsewhere for half of the stocks). */
  readonly oddLots: boolean
  /** Reference price in 0.01 yuan: the last close, or what an ex-right made of it. */
  reference: number
  /** Where the price is drawn to, 0.01 yuan. */
  anchor: number
  /** Exact product of the steps; rounded to 4 decimals only where it is served. */
  factor: number
  /** The day at hand; one object for all days. */
  readonly bar: BarValues
}

// A price never falls below this (0.01 yuan): further down one cent is more than a price limit.
const LOWEST_PRICE = 60
const HIGH_PRICE = 60_000
const PULL = 0.004
// Shares of a day, unsigned 32 bit: 3.5 billion is more than any real day saw.
const MOST_SHARES = 3_500_000_000

const startWalk = (origin: Origin, seed: number): Walk => {
  const rng = new Rng(hashSeed(seed, origin.id, 2))
  const reference = 300 + Math.floor(rng.unit() * rng.unit() * 6000)
  const size = 0.1 + rng.unit() * rng.unit() * rng.unit() * 60
  return {
    rng,
    origin,
    beta: 0.6 + 0.8 * rng.unit(),
    deviation: 0.012 + 0.012 * rng.unit(),
    usualVolume: Math.floor(1_500_000 * size),
    oddLots: origin.board === 'star' || origin.board === 'cdr' || origin.id % 2 === 1,
    reference,
    anchor: reference * (0.8 + 0.8 * rng.unit()),
    factor: 1,
    bar: { open: 0, high: 0, low: 0, close: 0, preClose: 0, volume: 0, amount: 0 },
  }
}

/** The close before limits: the market, the stock's own day, and a pull towards its anchor. */
const nextClose = (walk: Walk, marketReturn: number, unrest: number): number => {
  const { rng, reference } = walk
  walk.anchor *= 1 + 0.0002 + 0.002 * rng.normal()
  let pull = (PULL * (walk.anchor - reference)) / reference
  if (reference > HIGH_PRICE) pull -= 0.004
  // Fat tails: one day in sixty moves four times as much, which is what makes days at the limit.
  const news = (rng.bits() & 63) === 0 ? 4 : 1
  const move = walk.beta * marketReturn + walk.deviation * unrest * news * rng.normal() + pull
  return Math.max(LOWEST_PRICE, Math.round(reference * (1 + Math.min(3, Math.max(-0.8, move)))))
}

/** First day of an issue without a limit: from a tenth below the issue price to 2.5 times it. */
const firstClose = (walk: Walk): number => Math.round(walk.reference * (0.9 + 1.6 * walk.rng.unit()))

const within = (price: number, bottom: number, top: number): number =>
  Math.min(top, Math.max(bottom, Math.round(price)))

/** The day around a close that is final: open, high and low between it and the reference, inside the limits. */
const drawPrices = (walk: Walk, close: number, bottom: number, top: number): void => {
  const { rng, reference, deviation, bar } = walk
  const spread = reference * deviation * 0.5
  bar.open = within(reference + (close - reference) * rng.unit() * 0.8, bottom, top)
  const upper = Math.max(bar.open, close)
  const lower = Math.min(bar.open, close)
  bar.high = Math.max(upper, within(upper + spread * rng.unit(), bottom, top))
  bar.low = Math.min(lower, within(lower - spread * rng.unit(), bottom, top))
}

/** Shares and money: more of both when the price moved; the average price lies between low and high. */
const drawVolume = (walk: Walk, share: number): void => {
  const { rng, reference, bar } = walk
  const heat = 0.4 + rng.unit() + (12 * Math.abs(bar.close - reference)) / reference
  const shares = Math.min(MOST_SHARES, Math.floor(walk.usualVolume * heat * share))
  bar.volume = walk.oddLots ? shares + 1000 : shares - (shares % 100) + 1000
  const average = bar.low + (bar.high - bar.low) * (0.25 + 0.5 * rng.unit())
  bar.amount = Math.round((bar.volume * average) / 100)
}

/** Fills `walk.bar`; `still` is a day that opens at the upper limit and never leaves it. */
const drawBar = (walk: Walk, close: number, percent: number, still: boolean): void => {
  const { reference, bar } = walk
  const top = percent === NO_LIMIT ? close * 3 : limitUp(reference, percent)
  const bottom = percent === NO_LIMIT ? 1 : limitDown(reference, percent)
  bar.preClose = reference
  bar.close = still ? top : within(close, bottom, top)
  if (still) bar.open = bar.high = bar.low = top
  else drawPrices(walk, bar.close, bottom, top)
  drawVolume(walk, still ? 0.02 : 1)
  walk.reference = bar.close
}

/** Takes cash and new shares out of the reference price; the factor steps by what that took. */
const takeExRight = (walk: Walk, life: Life, index: number): void => {
  const event = life.exRights[index]
  if (event === undefined) return
  const before = walk.reference
  const cash = Math.round((before * event.cash) / 10_000)
  const after = Math.max(LOWEST_PRICE, Math.round(((before - cash) * 10) / (10 + event.bonus)))
  walk.reference = after
  walk.anchor *= after / before
  walk.factor *= before / after
}

const toRuns = (starts: readonly number[], values: readonly number[], end: number): FactorRuns =>
  new FactorRuns(
    Uint16Array.from(starts),
    Uint16Array.from(starts, (_, i) => (starts[i + 1] ?? end) - 1),
    Float64Array.from(values),
  )

/** Walks an instrument's whole life: every bar and every factor, the same for the same seed. */
export const priceLife = (
  origin: Origin,
  life: Life,
  plan: DayPlan,
  climate: Climate,
  seed: number,
): PricedLife => {
  const walk = startWalk(origin, seed)
  const count = plan.limit.length
  const bars = new BarSeries(origin.listed, count)
  const starts = [origin.listed]
  const values = [10_000]
  for (let row = 0; row < count; row++) {
    const session = origin.listed + row
    const event = plan.exRight[row] ?? 0
    if (event > 0) {
      takeExRight(walk, life, event - 1)
      starts.push(session)
      values.push(Math.round(walk.factor * 10_000))
    }
    if (plan.closed[row] === 1) continue
    const first = row === 0 && !origin.founding
    const still = row > 0 && row <= plan.hotRows
    const close = first
      ? firstClose(walk)
      : nextClose(walk, climate.returns[session] ?? 0, climate.unrest[session] ?? 1)
    if (first) walk.anchor = close * (0.8 + 0.5 * walk.rng.unit())
    drawBar(walk, close, plan.limit[row] ?? NO_LIMIT, still)
    bars.set(row, walk.bar)
  }
  return { bars, factors: toRuns(starts, values, origin.listed + count) }
}
