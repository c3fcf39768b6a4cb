/*
 * Decimals in the bytes in which they came. What is not plain (white space, nothing at all, too many digits) is left to
 * those who read texts; see values.ts.
 */

const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
// Up to here powers of ten are exact numbers.
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/**
 * A plain decimal as the nearest number; NaN for anything else and for one with more digits than are exact. A quotient of
 * two exact numbers is rounded once, like what `Number` makes of the text.
 */
export function readDecimal(bytes: Buffer, from: number, to: number): number {
  const isNegative = bytes[from] === MINUS
  const first = isNegative ? from + 1 : from
  let digits = 0
  let at = first
  for (let digit = digitAt(bytes, at); at < to && digit < 10; digit = digitAt(bytes, ++at))
    digits = digits * 10 + digit
  if (at === first) return NaN
  let places = 0
  if (at < to) {
    const fraction = at + 1
    if (bytes[at] !== POINT || fraction === to) return NaN
    // Most of the digits are zeros that say nothing.
    let end = to
    while (bytes[end - 1] === ZERO) end--
    for (at = fraction; at < end; at++) {
      const digit = digitAt(bytes, at)
      if (digit > 9) return NaN
      digits = digits * 10 + digit
    }
    places = end - fraction
  }
  const power = POWERS[places]
  if (power === undefined || digits > Number.MAX_SAFE_INTEGER) return NaN
  return isNegative ? -digits / power : digits / power
}

/** Above 9 for what is no digit. */
const digitAt = (bytes: Buffer, at: number): number => ((bytes[at] ?? 0) - ZERO) >>> 0

export const NO_DECIMAL = -1

/** Where a plain decimal ends without the zeros that say nothing, as `decimalText` spells it; -1 for anything else. */
export function endOfDecimal(bytes: Buffer, from: number, to: number): number {
  const first = bytes[from] === MINUS ? from + 1 : from
  const point = endOfDigits(bytes, first, to)
  if (point === first) return NO_DECIMAL
  if (point === to) return to
  const fraction = point + 1
  if (bytes[point] !== POINT || fraction === to) return NO_DECIMAL
  let end = to
  while (bytes[end - 1] === ZERO) end--
  if (end === fraction) return point
  return endOfDigits(bytes, fraction, end) === end ? end : NO_DECIMAL
}

function endOfDigits(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && digitAt(bytes, at) < 10) at++
  return at
}
