/*
 * Numbers as AKTools sends them: pandas writes them with ten decimals, AKTools reads that text and Python writes the
 * floats again. JSON.stringify would drop the point of `1.0` and write small numbers in another way.
 */

const MOST = 1e16 - 1
const LEAST = 1e-15
const DECIMALS = 10
const UNIT = 10 ** DECIMALS

/** A float after pandas wrote it with ten decimals. A tie goes up from an odd digit and from a zero, as it does there. */
const tenDecimals = (value: number): number => {
  if (value === 0) return 0
  const size = Math.abs(value)
  if (size > MOST || size < LEAST) return Number(value.toPrecision(DECIMALS))
  // Two decimals or none, which nearly all are: they come back as they went.
  if (Math.round(value * 100) / 100 === value) return value
  const whole = Math.floor(size)
  const scaled = (size - whole) * UNIT
  let fraction = Math.floor(scaled)
  const rest = scaled - fraction
  if (rest > 0.5 || (rest === 0.5 && (fraction === 0 || fraction % 2 === 1))) fraction += 1
  const served = fraction >= UNIT ? whole + 1 : Number(`${whole}.${String(fraction).padStart(DECIMALS, '0')}`)
  return value < 0 ? -served : served
}

/** A float as Python prints it: a whole one keeps its point, exponents begin below 0.0001 and at 1e16. */
const pythonFloat = (value: number): string => {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/([+-])(\d)$/, '$10$2')
  }
  if (!Number.isInteger(value)) return String(value)
  return `${Object.is(value, -0) ? '-0' : value}.0`
}

/** A value of a float column; what is no number comes as null. */
export const floatText = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? 'null' : pythonFloat(tenDecimals(value))

/** A text as Python's repr() shows it: double quotes only around one that holds single quotes and no double ones. */
export const pythonRepr = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
  // eslint-disable-next-line no-control-regex -- control characters are what it escapes
  const shown = escaped.replaceAll(/[\u0000-\u001f\u007f]/g, (char) => {
    const short = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }[char]
    return short ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return quote + shown + quote
}
