import { fromCompact, isTradeDate, shanghaiClock, type TradeDate } from '../../market/date.ts'
import { isBShare, parseSymbol } from '../../market/symbol.ts'
import { plainDecimal } from '../../market/units.ts'

/*
 * Single cells of whatever somebody keeps, read strictly: a cell is what it says or it is refused with its text.
 */

/** How dates are written where they do not say it themselves. */
export const DATE_FORMATS = ['auto', 'MM/DD/YYYY', 'DD/MM/YYYY'] as const
export type DateFormat = (typeof DATE_FORMATS)[number]

/** `code`: bare codes, of which spreadsheets drop the leading zeros. */
export const SYMBOL_FORMATS = ['auto', 'code'] as const
export type SymbolFormat = (typeof SYMBOL_FORMATS)[number]

/** A cell that cannot be what its column holds. */
export interface Bad {
  bad: string
}
export const isBad = (value: unknown): value is Bad =>
  typeof value === 'object' && value !== null && 'bad' in value

/** The text of a plain value; of anything else none. */
const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : ['number', 'bigint', 'boolean'].includes(typeof value)
      ? String(value)
      : ''

// How pandas, R, Excel, databases and people write that there is nothing.
const NOTHING = new Set(['', '-', '--', 'nan', 'null', 'none', 'na', 'n/a', '<na>', 'nat', '\\n'])

export const isNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === 'number' && Number.isNaN(value)) ||
  (typeof value === 'string' && NOTHING.has(value.trim().toLowerCase()))

// More digits than that are a mistake: the number nearest to them is meant.
const PLAIN = /^-?\d+(\.\d{1,40})?$/

// Larger ones are no prices, volumes or amounts, and would not fit into their columns.
const MOST_DIGITS = 17

/** Exact decimal text; null where there is nothing. Digits are kept as they are written. */
export function decimalOf(value: unknown): string | null | Bad {
  if (isNothing(value)) return null
  const text = decimalText(value)
  if (text === null) return { bad: `is no number: ${shown(value)}` }
  return text.replace(/^-?0*|\..*$/g, '').length > MOST_DIGITS
    ? { bad: `is too large: ${shown(text)}` }
    : text
}

function decimalText(value: unknown): string | null {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? plainDecimal(value) : null
  if (typeof value !== 'string') return null
  const text = value.trim()
  if (PLAIN.test(text)) return text
  const number = Number(text)
  return Number.isFinite(number) && !/[xob]/i.test(text) ? plainDecimal(number) : null
}

/** 1 or 0, true or false; null where there is nothing. */
export function flagOf(value: unknown): boolean | null | Bad {
  if (isNothing(value)) return null
  if (typeof value === 'boolean') return value
  const text = textOf(value).trim().toLowerCase()
  if (['1', '1.0', 'true', 't', 'y', 'yes'].includes(text)) return true
  if (['0', '0.0', 'false', 'f', 'n', 'no'].includes(text)) return false
  return { bad: `is neither 0 nor 1: ${shown(value)}` }
}

const MIDNIGHT = /^(\d{4}-\d{2}-\d{2})[ T]00:00(:00(\.0+)?)?(Z|[+-]\d{2}:?\d{2})?$/
const SLASHES = /^(\d{4})[/.](\d{1,2})[/.](\d{1,2})$/
const DAY_OR_MONTH_FIRST = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/

/** The day of a cell. A time of the day other than midnight is refused: it belongs to bars of minutes. */
export function dateOf(value: unknown, format: DateFormat): TradeDate | Bad {
  if (value instanceof Date) return dateOfMoment(value)
  if (isNothing(value)) return { bad: 'is missing' }
  const text = textOf(value).trim()
  const date = format === 'auto' ? dateOfText(text) : dateOfWords(text, format)
  if (date !== null) return date
  const hint = format === 'auto' && DAY_OR_MONTH_FIRST.test(text) ? '; say which with --date-format' : ''
  return { bad: `is no day: ${shown(text)}${hint}` }
}

function dateOfText(text: string): TradeDate | null {
  if (isTradeDate(text)) return text
  const compact = fromCompact(text.replace(/\.0$/, ''))
  if (compact !== null) return compact
  const [, year = '', month = '', day = ''] = SLASHES.exec(text) ?? []
  const date = MIDNIGHT.exec(text)?.[1] ?? isoOf(year, month, day)
  return isTradeDate(date) ? date : null
}

function dateOfWords(text: string, format: DateFormat): TradeDate | null {
  const [, first = '', second = '', year = ''] = DAY_OR_MONTH_FIRST.exec(text) ?? []
  const date = format === 'MM/DD/YYYY' ? isoOf(year, first, second) : isoOf(year, second, first)
  return isTradeDate(date) ? date : null
}

const isoOf = (year: string, month: string, day: string) =>
  `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`

// What Shanghai calls midnight is 16:00 of the day before in UTC.
function dateOfMoment(moment: Date): TradeDate | Bad {
  if (Number.isNaN(moment.getTime())) return { bad: 'is no day' }
  const iso = moment.toISOString()
  if (iso.slice(11, 19) === '00:00:00') return iso.slice(0, 10)
  if (iso.slice(11, 19) === '16:00:00') return shanghaiClock(moment).date
  return { bad: `is no day: ${iso}` }
}

const EXCHANGES: Readonly<Record<string, string>> = {
  XSHG: 'SH',
  XSHE: 'SZ',
  SHSE: 'SH',
  SZSE: 'SZ',
  SS: 'SH',
  SSE: 'SH',
  BSE: 'BJ',
  BJSE: 'BJ',
}

/** The canonical symbol; null for B shares, which are outside the universe. */
export function symbolOf(value: unknown, format: SymbolFormat): string | null | Bad {
  if (isNothing(value)) return { bad: 'is missing' }
  const text = textOf(value).trim().toUpperCase()
  if (/^\d{1,5}(\.0)?$/.test(text) && format === 'auto')
    return { bad: `has lost its leading zeros: ${shown(text)}; --symbol-format code puts them back` }
  const padded = format === 'code' ? text.replace(/\.0$/, '').padStart(6, '0') : text
  const [first = '', second = ''] = padded.split('.')
  const [code, exchange] = EXCHANGES[first] === undefined ? [first, second] : [second, first]
  const named = EXCHANGES[exchange]
  const symbol = parseSymbol(named === undefined ? padded : `${code}.${named}`)
  if (symbol === null) return { bad: `is no code of a stock: ${shown(text)}` }
  return isBShare(symbol) ? null : symbol
}

function shown(value: unknown): string {
  const isPlain = ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
  return isPlain ? JSON.stringify(textOf(value).slice(0, 40)) : `a ${typeof value}`
}
