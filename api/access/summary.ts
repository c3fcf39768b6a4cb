/*
 * A few words on what a request asked for, for the audit log. They are made without knowing the route, so what might be a
 * secret is told by its name, and what might be long or strange by its size.
 */

const SECRET_NAMES = /token|key|secret|password|passwd|credential|cookie|auth|url|webhook/i
const PLAIN_TEXT = /^[\w.:+-]{1,40}$/
const MOST_FIELDS = 12
const MOST_VALUES = 5
const MOST_CHARACTERS = 300

/** @returns e.g. `periods: [daily], symbols: 12 values, token: (not shown)`; null when nothing was asked for */
export function summaryOf(fields: unknown): string | null {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return null
  const text = inWords(fields, 0)
  return text === '' ? null : text.slice(0, MOST_CHARACTERS)
}

function inWords(fields: object, depth: number): string {
  const entries = Object.entries(fields)
  const shown = entries
    .slice(0, MOST_FIELDS)
    .map(([name, value]) => `${PLAIN_TEXT.test(name) ? name : '?'}: ${valueOf(name, value, depth)}`)
  if (entries.length > MOST_FIELDS) shown.push(`${entries.length - MOST_FIELDS} more`)
  return shown.join(', ')
}

function valueOf(name: string, value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (SECRET_NAMES.test(name)) return '(not shown)'
  if (typeof value === 'string') return PLAIN_TEXT.test(value) ? value : `(${value.length} characters)`
  if (Array.isArray(value)) {
    const short = value.length <= MOST_VALUES && value.every((one) => typeof one !== 'object')
    return short
      ? `[${value.map((one) => valueOf('', one, depth + 1)).join(', ')}]`
      : `${value.length} values`
  }
  return typeof value === 'object' && depth === 0 ? `{ ${inWords(value, 1)} }` : '(more)'
}
