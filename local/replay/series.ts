/** Int32 words of one bar: open, high, low, close, pre_close (0.01 yuan), volume (shares, unsigned), amount (yuan, low and high half). */
import { firstPlace } from '../../market/first-place.ts'

export const BAR_WORDS = 8
export const OPEN = 0
export const HIGH = 1
export const LOW = 2
export const CLOSE = 3
export const PRE_CLOSE = 4
export const VOLUME = 5
const AMOUNT_LOW = 6
const AMOUNT_HIGH = 7
const TWO_32 = 4_294_967_296

/** One bar: prices in 0.01 yuan, volume in shares, amount in yuan. */
export interface BarValues {
  open: number
  high: number
  low: number
  close: number
  preClose: number
  volume: number
  amount: number
}

/**
 * Daily bars of one instrument. A bar is 32 bytes in one place, so that a whole-market day touches one cache line
 * per instrument. Dense: row = session - first, a close of 0 marks a session without a bar. Sparse: `sessions`
 * names each row's session, ascending.
 */
export class BarSeries {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly words: Int32Array
  readonly sessions: Uint16Array | null
  /** pct_chg in 0.0001 % where it was recorded; null: it follows from close and pre_close. */
  readonly pct: Int32Array | null

  constructor(
    first: number,
    count: number,
    sessions: Uint16Array | null = null,
    pct: Int32Array | null = null,
  ) {
    this.words = new Int32Array(count * BAR_WORDS)
    this.count = count
    this.sessions = sessions
    this.pct = pct
    this.first = sessions === null ? first : (sessions[0] ?? 0)
    this.last = sessions === null ? first + count - 1 : (sessions[count - 1] ?? -1)
  }

  /** The row of a session, -1 when the instrument has no bar then. */
  rowAt(session: number): number {
    if (session < this.first || session > this.last) return -1
    const row = this.sessions === null ? session - this.first : find(this.sessions, session)
    return row >= 0 && this.words[row * BAR_WORDS + CLOSE] !== 0 ? row : -1
  }

  sessionOf(row: number): number {
    return this.sessions === null ? this.first + row : (this.sessions[row] ?? -1)
  }

  /** One of OPEN, HIGH, LOW, CLOSE, PRE_CLOSE in 0.01 yuan. */
  price(row: number, word: number): number {
    return this.words[row * BAR_WORDS + word] ?? 0
  }

  /** Shares. */
  volume(row: number): number {
    return (this.words[row * BAR_WORDS + VOLUME] ?? 0) >>> 0
  }

  /** Yuan. */
  amount(row: number): number {
    const at = row * BAR_WORDS
    return (this.words[at + AMOUNT_HIGH] ?? 0) * TWO_32 + ((this.words[at + AMOUNT_LOW] ?? 0) >>> 0)
  }

  /** pct_chg in 0.0001 %. */
  pctChange(row: number): number {
    return this.pct === null ? this.pctFromPrices(row) : (this.pct[row] ?? 0)
  }

  /** What pct_chg must be by close and pre_close, in 0.0001 %. */
  pctFromPrices(row: number): number {
    const pre = this.price(row, PRE_CLOSE)
    return roundHalfAway(((this.price(row, CLOSE) - pre) * 1_000_000) / pre)
  }

  /** Prices in 0.01 yuan, volume in shares, amount in yuan. */
  set(row: number, bar: Readonly<BarValues>): void {
    const at = row * BAR_WORDS
    const { words } = this
    words[at + OPEN] = bar.open
    words[at + HIGH] = bar.high
    words[at + LOW] = bar.low
    words[at + CLOSE] = bar.close
    words[at + PRE_CLOSE] = bar.preClose
    words[at + VOLUME] = bar.volume
    words[at + AMOUNT_LOW] = bar.amount
    words[at + AMOUNT_HIGH] = Math.floor(bar.amount / TWO_32)
  }
}

/** Factor rows of one instrument as runs of sessions that share a value (unit 0.0001). */
export class FactorRuns {
  readonly from: Uint16Array
  readonly to: Uint16Array
  readonly values: Float64Array

  constructor(from: Uint16Array, to: Uint16Array, values: Float64Array) {
    this.from = from
    this.to = to
    this.values = values
  }

  /** The factor of a session in 0.0001, 0 when there is no row. */
  at(session: number): number {
    const next = firstPlace(0, this.from.length, (i) => (this.from[i] ?? 0) <= session)
    return next > 0 && session <= (this.to[next - 1] ?? -1) ? (this.values[next - 1] ?? 0) : 0
  }

  get first(): number {
    return this.from[0] ?? 0
  }

  get last(): number {
    return this.to[this.to.length - 1] ?? -1
  }
}

const find = (sorted: Uint16Array, value: number): number => {
  let low = 0
  let high = sorted.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const at = sorted[middle] ?? 0
    if (at === value) return middle
    if (at < value) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Rounds halves away from zero, as the published percentages do. */
export const roundHalfAway = (value: number): number => (value < 0 ? -Math.round(-value) : Math.round(value))
