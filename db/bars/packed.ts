import type { TradeDate } from '../../market/date.ts'
import { scaledText } from '../column-lot.ts'

/*
 * Bars in PostgreSQL's binary forms, one behind the other in one value. To write a decimal as digits takes PostgreSQL twice as
 * long as to send it as it is stored, and the driver has one message for thousands of bars.
 */

const orNull = (value: string): string => `coalesce(numeric_send(${value}), '\\xffff')`

/**
 * The expression that packs a bar `b`.
 *
 * @param change of the close against the one before; null: a packed bar has none, as the change of adjusted prices is computed
 */
export const packedBar = (change: string | null): string =>
  [
    'xidsend(b.xmin)',
    'date_send(b.trade_date)',
    `coalesce(boolsend(b.is_st), '\\xff')`,
    'int8send(b.volume)',
    ...['b.open', 'b.high', 'b.low', 'b.close'].map((price) => `numeric_send(${price})`),
    orNull('b.pre_close'),
    change === null ? `'\\xffff'` : orNull(change),
    orNull('b.pct_chg'),
    'numeric_send(b.amount)',
  ].join(' || ')

// The value of a hexadecimal digit, by its character.
const NIBBLES = Uint8Array.from(
  { length: 128 },
  (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0,
)
const HEX_PREFIX = '\\x'.length

/** The bytes of a bytea that came as text. They take the place of the text: another megabyte for each answer is what collecting garbage takes longest for. */
export function bytesOf(text: Buffer): Buffer {
  const count = (text.length - HEX_PREFIX) / 2
  for (let i = 0, at = HEX_PREFIX; i < count; i++, at += 2)
    text[i] = ((NIBBLES[text[at] ?? 0] ?? 0) << 4) | (NIBBLES[text[at + 1] ?? 0] ?? 0)
  return text.subarray(0, count)
}

const FIXED_BYTES = 4 + 4 + 1 + 8
const DECIMALS = 8
const HIGH = 2 ** 32
const NULL = 255
// A digit of a numeric is one of base 10,000.
const BASE = 10_000
const BASE_PLACES = 4
const NULL_DIGITS = 0xffff
const NEGATIVE = 0x4000
const HEAD_BYTES = 8
const DIGIT_BYTES = 2
// Exact as doubles.
const POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n)
// The 1st of January 2000, which PostgreSQL counts days from, in days since 1970.
const EPOCH_DAYS = 10_957
const DAY_MS = 86_400_000

/** Reads packed bars, value by value in their order. */
export class PackedReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  isOver(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** The transaction that wrote the bar. */
  writer(): number {
    return this.#bytes.readUInt32BE(this.#skip(4))
  }

  date(): TradeDate {
    return dateOf(this.#bytes.readInt32BE(this.#skip(4)))
  }

  /** Of the bar that comes. */
  nextDate(): TradeDate {
    return dateOf(this.#bytes.readInt32BE(this.#at + 4))
  }

  flag(): boolean | null {
    const byte = this.#bytes[this.#skip(1)]
    return byte === NULL ? null : byte === 1
  }

  /** A bigint, which must be exact as a double. */
  integer(): number {
    const at = this.#skip(8)
    return this.#bytes.readInt32BE(at) * HIGH + this.#bytes.readUInt32BE(at + 4)
  }

  /** A decimal: the double nearest to it; NaN for null. */
  number(): number {
    const count = this.#count()
    if (count === NULL_DIGITS) return NaN
    const at = this.#skip(HEAD_BYTES + DIGIT_BYTES * count)
    const digits = this.#digits(at, count)
    const places = this.#places(at, count)
    const power = POWERS[Math.abs(places)]
    // Digits and power are exact, so that their quotient or product is rounded once; what is longer goes the long way.
    if (digits > Number.MAX_SAFE_INTEGER || power === undefined) return Number(this.#longText(at, count))
    const size = places >= 0 ? digits / power : digits * power
    return this.#isNegative(at) ? -size : size
  }

  /**
   * A decimal as a whole number and how many of its digits are behind the point, written into a row of two arrays; NaN for null.
   *
   * @returns false when it is too long to be exact, and stays to be read as text
   */
  scaled(digits: Float64Array, places: Uint8Array, row: number): boolean {
    const count = this.#count()
    if (count === NULL_DIGITS) {
      digits[row] = NaN
      return true
    }
    const at = this.#at
    const scale = this.#scale(at)
    const all = this.#digits(at, count)
    // Behind the last place that counts there are only zeros.
    const shift = this.#places(at, count) - scale
    const power = POWERS[Math.abs(shift)] ?? Infinity
    const size = shift >= 0 ? all / power : all * power
    if (all > Number.MAX_SAFE_INTEGER || size > Number.MAX_SAFE_INTEGER || scale >= POWERS.length)
      return false
    this.#skip(HEAD_BYTES + DIGIT_BYTES * count)
    digits[row] = this.#isNegative(at) ? -size : size
    places[row] = scale
    return true
  }

  /** A decimal as text, with as many digits behind the point as are stored. */
  decimal(): string | null {
    if (this.scaled(ONE_DIGITS, ONE_PLACES, 0)) {
      const [digits = NaN] = ONE_DIGITS
      return Number.isNaN(digits) ? null : scaledText(digits, ONE_PLACES[0] ?? 0)
    }
    const count = this.#count()
    return this.#longText(this.#skip(HEAD_BYTES + DIGIT_BYTES * count), count)
  }

  /** How many bars there are, and the sum of the transactions that wrote them. */
  survey(): { count: number; writers: number } {
    const survey = { count: 0, writers: 0 }
    for (; !this.isOver(); survey.count++) {
      survey.writers += this.writer()
      this.#skip(FIXED_BYTES - 4)
      for (let i = 0; i < DECIMALS; i++) this.skipDecimal()
    }
    return survey
  }

  skipDecimal(): void {
    const count = this.#count()
    if (count !== NULL_DIGITS) this.#skip(HEAD_BYTES + DIGIT_BYTES * count)
  }

  /** Goes on, and gives the place where it was. */
  #skip(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }

  #word(at: number): number {
    const bytes = this.#bytes
    return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  }

  /** Of the digits of the decimal that comes. Nothing but its count stands for null, and this goes behind it. */
  #count(): number {
    const count = this.#word(this.#at)
    if (count === NULL_DIGITS) this.#at += DIGIT_BYTES
    return count
  }

  #isNegative(at: number): boolean {
    return this.#word(at + 4) === NEGATIVE
  }

  #scale(at: number): number {
    return this.#word(at + 6)
  }

  /** The digits as one whole number; inexact when it is too large. */
  #digits(at: number, count: number): number {
    let digits = 0
    for (let i = 0; i < count; i++) digits = digits * BASE + this.#word(at + HEAD_BYTES + DIGIT_BYTES * i)
    return digits
  }

  /** How many decimal places of the digits are behind the point. */
  #places(at: number, count: number): number {
    const weight = (this.#word(at + 2) << 16) >> 16
    return (count - 1 - weight) * BASE_PLACES
  }

  /** Of any length. */
  #longText(at: number, count: number): string {
    let digits = ''
    for (let i = 0; i < count; i++)
      digits += String(this.#word(at + HEAD_BYTES + DIGIT_BYTES * i)).padStart(BASE_PLACES, '0')
    const places = this.#places(at, count)
    const scale = this.#scale(at)
    const all =
      places >= scale
        ? digits.slice(0, digits.length - (places - scale))
        : digits.padEnd(digits.length + scale - places, '0')
    const filled = all.padStart(scale + 1, '0')
    const whole = filled.slice(0, filled.length - scale).replace(/^0+(?=\d)/, '')
    const text = scale === 0 ? whole : `${whole}.${filled.slice(filled.length - scale)}`
    return this.#isNegative(at) ? `-${text}` : text
  }
}

// Where a decimal is put on its way to its text.
const ONE_DIGITS = new Float64Array(1)
const ONE_PLACES = new Uint8Array(1)

const DATES = new Map<number, TradeDate>()

/** @param days since 2000 */
function dateOf(days: number): TradeDate {
  const found = DATES.get(days)
  if (found !== undefined) return found
  const date = new Date((days + EPOCH_DAYS) * DAY_MS).toISOString().slice(0, 10)
  DATES.set(days, date)
  return date
}
