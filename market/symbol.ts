/**
 * Codes of A-share instruments. The canonical symbol is `600519.SH`: six characters, a dot and the exchange suffix.
 * Old delisted instruments may carry letters (`T00018.SH`).
 */

export const EXCHANGES = {
  SSE: { suffix: 'SH', name: 'Shanghai Stock Exchange' },
  SZSE: { suffix: 'SZ', name: 'Shenzhen Stock Exchange' },
  BSE: { suffix: 'BJ', name: 'Beijing Stock Exchange' },
} as const

export type Exchange = keyof typeof EXCHANGES
export type ExchangeSuffix = (typeof EXCHANGES)[Exchange]['suffix']

const EXCHANGE_BY_SUFFIX: Record<ExchangeSuffix, Exchange> = { SH: 'SSE', SZ: 'SZSE', BJ: 'BSE' }
const SYMBOL = /^[0-9A-Z]{6}\.(SH|SZ|BJ)$/
const PREFIXED = /^(SH|SZ|BJ)\.?([0-9A-Z]{6})$/

export const isSymbol = (value: string): boolean => SYMBOL.test(value)

/** The exchange of a canonical symbol. Throws on anything else, since a wrong exchange would misroute every call. */
export function exchangeOf(symbol: string): Exchange {
  if (!SYMBOL.test(symbol)) throw new TypeError(`not a symbol like 600519.SH: ${symbol}`)
  return EXCHANGE_BY_SUFFIX[symbol.slice(7) as ExchangeSuffix]
}

/** The six characters in front of the suffix. */
export const codeOf = (symbol: string): string => symbol.slice(0, 6)

/**
 * The suffix that a bare code belongs to. `92` comes before `9`: 920xxx is Beijing, 900xxx a Shanghai B share.
 * Returns null where the digits name no exchange.
 */
function suffixOfCode(code: string): ExchangeSuffix | null {
  if (code.startsWith('92') || code.startsWith('4') || code.startsWith('8')) return 'BJ'
  if (code.startsWith('6') || code.startsWith('9')) return 'SH'
  if (code.startsWith('0') || code.startsWith('2') || code.startsWith('3')) return 'SZ'
  return null
}

/** Reads `600000`, `600000.SH`, `sh.600000`, `SH600000` (any case) into `600000.SH`; null when it is none of them. */
export function parseSymbol(text: string): string | null {
  const value = text.trim().toUpperCase()
  if (SYMBOL.test(value)) return value
  const prefixed = PREFIXED.exec(value)
  if (prefixed) return `${prefixed[2] ?? ''}.${prefixed[1] ?? ''}`
  if (!/^[0-9]{6}$/.test(value)) return null
  const suffix = suffixOfCode(value)
  return suffix === null ? null : `${value}.${suffix}`
}

/** B shares (900xxx.SH, 200xxx.SZ) are outside the universe. */
export const isBShare = (symbol: string): boolean => /^(900\d{3}\.SH|200\d{3}\.SZ)$/.test(symbol)

export const BOARDS = ['main', 'chinext', 'star', 'cdr', 'bse'] as const
export type Board = (typeof BOARDS)[number]

/** The board by the code's digits; lists that name the board win over it. */
export function boardOf(symbol: string): Board {
  if (symbol.endsWith('.BJ')) return 'bse'
  if (symbol.startsWith('689')) return 'cdr'
  if (symbol.startsWith('688')) return 'star'
  if (symbol.startsWith('30')) return 'chinext'
  return 'main'
}
