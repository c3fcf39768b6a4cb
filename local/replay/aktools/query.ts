import { PythonError } from './python-error.ts'

/** Keyword arguments as they were given, in their order. */
export type Arguments = Readonly<Record<string, string>>

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u
// A quote or a line break ends the Python text early. A backslash starts an escape, which is not played.
const ENDS_TEXT = /["\\\r\n\0]/

const fail = (): never => {
  throw new PythonError('SyntaxError')
}

const decode = (query: string): string => {
  // Both pairs and values are decoded first and split again later: an encoded `&` or `=` splits as a plain one does.
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${value}`)
  return pairs.join('&').replaceAll('+', ' ')
}

/**
 * Reads a query as AKTools does, which pastes it into a line of Python. Throws a PythonError where that line is none:
 * a double quote, a second `=`, a name twice.
 */
export const readArguments = (query: string): Arguments => {
  const text = decode(query)
  if (text === '') return {}
  // Texts with this word in it are taken for one argument, whatever else they hold.
  const parts = text.includes('cookie') ? [text] : text.split('&')
  const given: Record<string, string> = {}
  for (const part of parts) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0)).trim()
    const value = part.slice(at + 1)
    const isPlain =
      parts.length === 1 && text.includes('cookie') ? !value.includes("'") : !value.includes('=')
    if (!NAME.test(name) || ENDS_TEXT.test(value) || !isPlain || Object.hasOwn(given, name)) fail()
    given[name] = value
  }
  return given
}
