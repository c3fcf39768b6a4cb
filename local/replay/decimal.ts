/**
 * Fixed-point numbers as text and back. A whole number and a count of decimals never show float noise, which is
 * what makes a comparison of millions of stored values with the truth exact.
 */

/** `decimalText(1370, 2)` is `13.7`: trailing zeros and a bare point are left out, as JSON numbers come. */
export const decimalText = (value: number, decimals: number): string => {
  // Off the number, not off its text: a market has millions of them.
  let [rest, places] = [value, decimals]
  while (places > 0 && rest % 10 === 0) {
    rest /= 10
    places--
  }
  if (places === 0) return String(rest)
  const digits = String(Math.abs(rest)).padStart(places + 1, '0')
  return `${rest < 0 ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** `parseFixed('13.7', 2)` is 1370. Throws when the text has more digits than the unit can hold: nothing is rounded. */
export const parseFixed = (text: string, decimals: number): number => {
  const point = text.indexOf('.')
  const fraction = point < 0 ? '' : text.slice(point + 1).replace(/0+$/, '')
  const whole = point < 0 ? text : text.slice(0, point)
  const value = Number(whole + fraction.padEnd(decimals, '0'))
  if (text === '' || fraction.length > decimals || !Number.isSafeInteger(value)) {
    throw new Error(`not a number with ${decimals} decimals: '${text}'`)
  }
  return value
}

/** `20261120` to `2026-11-20`. */
export const isoDate = (date: string): string => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`
