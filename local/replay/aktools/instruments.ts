import type { Instrument, ReplayMarket } from '../market.ts'
import type { BarSeries } from '../series.ts'
import type { ToolContext } from './tool-function.ts'

/** Listed now, with the listing suspended too. */
export const isListed = ({ status }: Instrument): boolean => status === 'L' || status === 'P'

export const listedNow = (market: ReplayMarket): readonly Instrument[] => market.instruments.filter(isListed)

export const digitsOf = (code: string): string => code.slice(0, 6)

/** `sh600000` for `600000.SH`. */
export const prefixedCode = (code: string): string => `${code.slice(7).toLowerCase()}${digitsOf(code)}`

/** `600000.SH` for `sh600000`; undefined for anything else. */
export const codeOfPrefixed = (symbol: string): string | undefined => {
  const match = /^(sh|sz|bj)(\w{6})$/.exec(symbol)
  return match === null ? undefined : `${match[2] ?? ''}.${(match[1] ?? '').toUpperCase()}`
}

/** East Money knows two markets only: 1 for codes that begin with 6, 0 for all others, Beijing among them. */
export const findByDigits = (market: ReplayMarket, digits: string): Instrument | undefined =>
  digits.startsWith('6')
    ? market.find(`${digits}.SH`)
    : (market.find(`${digits}.SZ`) ?? market.find(`${digits}.BJ`))

/** Star market and CDRs: one list of their own in Shanghai. */
export const isStar = ({ market }: Instrument): boolean => market === '科创板' || market === 'CDR'

/** The row of a session, -1 when there is none or when it is held back. */
export const publishedRow = (
  context: ToolContext,
  id: number,
  series: BarSeries,
  session: number,
): number => {
  const row = series.rowAt(session)
  return row >= 0 && context.isPublished(id, session) ? row : -1
}

/** Rows with a bar up to the context's session, oldest first. */
export const publishedRows = (context: ToolContext, id: number, series: BarSeries): number[] => {
  const rows: number[] = []
  for (let row = 0; row < series.count; row++) {
    const session = series.sessionOf(row)
    if (session > context.session) break
    if (publishedRow(context, id, series, session) >= 0) rows.push(row)
  }
  return rows
}
