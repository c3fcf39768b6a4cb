/**
 * Fixed-point numbers as text and back. A whole number and a count of decimals never show float noise, which is
 * what makes a comparison of millions of stored values with the truth exact.
 */

/** `decimalText(1370, 2)` is `13.7`: trailing zeros and a bare point are left out, as JSON numbers come. */
export const decimalText = (value: number, decimals: number): string => {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${value < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
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
