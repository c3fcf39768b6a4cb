/**
 * Exact decimal conversions. Upstreams send decimals as JSON numbers; the shortest text of such a number is the decimal
 * that was sent (up to 15 digits), so shifting the decimal point keeps every digit where multiplying would not.
 */

/** `shiftDecimal(0.07, 2)` is `'7'`: the decimal point of `value` moved `places` to the right, exactly. */
export function shiftDecimal(value: number, places: number): string {
  const scaled = value * 10 ** places
  const rounded = Math.round(scaled)
  // A decimal with at most `places` digits lands within float noise of a whole number; anything else takes the slow way.
  // Noise is two roundings: wider, and the last digit of 99999999999.9999 would pass for noise. From 10^15 on it may
  // reach the next whole number.
  if (Math.abs(scaled - rounded) <= Math.abs(scaled) * 2 * Number.EPSILON && Math.abs(rounded) < 1e15)
    return String(rounded)
  return shiftText(plainDecimal(value), places)
}

function shiftText(text: string, places: number): string {
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.')
  const padded = fraction.padEnd(places, '0')
  const left = `${whole}${padded.slice(0, places)}`.replace(/^0+(?=\d)/, '')
  const right = padded.slice(places)
  const shifted = right.length > 0 ? `${left}.${right}` : left
  return negative && /[1-9]/.test(shifted) ? `-${shifted}` : shifted
}

/** Decimal text without an exponent: `1e-7` → `0.0000001`. */
export function plainDecimal(value: number): string {
  const text = String(value)
  const at = text.indexOf('e')
  if (at < 0) return text
  const exponent = Number(text.slice(at + 1))
  const mantissa = text.slice(0, at)
  if (exponent >= 0) return shiftText(mantissa, exponent)
  const negative = mantissa.startsWith('-')
  const digits = (negative ? mantissa.slice(1) : mantissa).replace('.', '')
  return `${negative ? '-' : ''}0.${'0'.repeat(-exponent - 1)}${digits}`
}

/** Lots of 100 shares → shares. */
export const LOT_TO_SHARES = 2
/** Thousand yuan → yuan. */
export const THOUSAND_TO_ONE = 3
/** Ten thousand shares → shares, ten thousand yuan → yuan. */
export const TEN_THOUSAND_TO_ONE = 4

/** No share, yuan or per cent of a single row comes near it, and every column holds it. */
export const MOST_FIGURE = 1e16

/**
 * The automatic guard for units: the mean price paid lies inside the day's range. A slip of lots against shares or of
 * thousand yuan against yuan is off by 100 or 1,000 and cannot pass. Only for bars that traded.
 */
export function passesUnitGuard(bar: { low: number; high: number; volume: number; amount: number }): boolean {
  if (bar.volume === 0) return bar.amount === 0
  if (bar.volume > MOST_FIGURE || bar.amount > MOST_FIGURE) return false
  const mean = bar.amount / bar.volume
  return mean >= bar.low * 0.98 && mean <= bar.high * 1.02
}
