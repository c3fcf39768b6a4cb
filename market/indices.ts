import type { TradeDate } from './date.ts'
import type { Exchange } from './symbol.ts'

/*
 * The main indices, as plain data. The list is fixed: an index is no instrument that appears or goes by itself.
 */

interface IndexSpec {
  title: string
  titleZh: string
  exchange: Exchange
  /** The first day of its series, which most often lies before its publication. */
  since: TradeDate
  /** Whether its members are kept: an exchange's composite is all that is listed there. */
  members: boolean
}

export const INDICES = {
  '000001.SH': {
    title: 'SSE Composite',
    titleZh: '上证指数',
    exchange: 'SSE',
    since: '1990-12-19',
    members: false,
  },
  '000016.SH': { title: 'SSE 50', titleZh: '上证50', exchange: 'SSE', since: '2004-01-02', members: true },
  '000300.SH': { title: 'CSI 300', titleZh: '沪深300', exchange: 'SSE', since: '2005-01-04', members: true },
  '000852.SH': {
    title: 'CSI 1000',
    titleZh: '中证1000',
    exchange: 'SSE',
    since: '2005-01-04',
    members: true,
  },
  '000905.SH': { title: 'CSI 500', titleZh: '中证500', exchange: 'SSE', since: '2005-01-04', members: true },
  '399106.SZ': {
    title: 'SZSE Composite',
    titleZh: '深证综指',
    exchange: 'SZSE',
    since: '1991-04-03',
    members: false,
  },
} as const satisfies Record<string, IndexSpec>

export type IndexSymbol = keyof typeof INDICES
export const INDEX_SYMBOLS = Object.keys(INDICES) as IndexSymbol[]
export const isIndexSymbol = (symbol: string): symbol is IndexSymbol => Object.hasOwn(INDICES, symbol)
/** Indices whose members are kept. */
export const MEMBER_INDICES = INDEX_SYMBOLS.filter((symbol) => INDICES[symbol].members)
