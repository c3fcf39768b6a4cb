import type { TradeDate } from './date.ts'
import type { SourceName } from './sources.ts'
import type { Exchange } from './symbol.ts'

/*
 * When two sources agree. Plain data: the statements that compare sources are built from it. The view `bars_best` holds
 * the same numbers in its migration, and a test holds both to one reference.
 */

/** Fields that stand or fall together in `bars_best`: prices of two sources never mix within one bar. */
export type BarGroup = 'ohlc' | 'volume' | 'amount' | 'pre_close' | 'pct_chg' | 'is_st'

export type AgreeRule =
  | { kind: 'equal' }
  /** Equal after rounding, half away from zero. */
  | { kind: 'rounded'; places: number }
  /** No further apart than `absolute`, or than `relative` of the larger value if that is more. */
  | { kind: 'within'; absolute: number; relative: number }

export interface BarField {
  group: BarGroup
  rule: AgreeRule
  /** Rules for pairs with a source that is less exact. */
  against?: Partial<Record<SourceName, AgreeRule>>
}

const within = (absolute: number, relative = 0): AgreeRule => ({ kind: 'within', absolute, relative })
// Exchanges quote A shares in cents; some sources send more digits of the same price.
const CENTS: AgreeRule = { kind: 'rounded', places: 2 }

/** Fields of a daily bar that are compared, in the units of the table: yuan, shares, percent. */
export const BAR_FIELDS = {
  open: { group: 'ohlc', rule: CENTS },
  high: { group: 'ohlc', rule: CENTS },
  low: { group: 'ohlc', rule: CENTS },
  close: { group: 'ohlc', rule: CENTS },
  // BaoStock counts in single precision (2 to 8 shares off on 130 of 25,900 recorded bars); East Money in lots of 100.
  volume: { group: 'volume', rule: within(1, 1e-7), against: { akshare: within(100, 1e-7) } },
  amount: { group: 'amount', rule: within(1_000, 1e-5) },
  pre_close: { group: 'pre_close', rule: within(0.01) },
  // Sources round to 2, 4 or 6 decimals.
  pct_chg: { group: 'pct_chg', rule: within(0.01) },
  is_st: { group: 'is_st', rule: { kind: 'equal' } },
} as const satisfies Record<string, BarField>

export type BarFieldName = keyof typeof BAR_FIELDS
export const BAR_FIELD_NAMES = Object.keys(BAR_FIELDS) as BarFieldName[]

/**
 * Adjustment factors are compared by the step of one day, f(t) / f(t−1), never by level: every source has its own base. A
 * step is a ratio of prices in ticks, so it may be off by `ticks` of them against the last close.
 */
export const FACTOR_STEP = { ticks: 1.5, tick: 0.01 } as const

/**
 * From this day on stocks of these exchanges trade on after hours at the closing price. Tushare leaves it out of volume and
 * amount. A source that counts it has more of both, and what it has more was paid at the close: that explains the
 * difference, to the tolerance of the amount and that of the volume times the price.
 */
export const AFTER_HOURS = {
  from: '2026-07-06',
  leftOutBy: 'tushare',
  exchanges: ['SSE', 'SZSE'],
} as const satisfies {
  from: TradeDate
  leftOutBy: SourceName
  exchanges: readonly Exchange[]
}

/** The rule for a field between two sources. */
export function agreeRule(field: BarFieldName, a: string, b: string): AgreeRule {
  const { rule, against = {} }: BarField = BAR_FIELDS[field]
  return against[a as SourceName] ?? against[b as SourceName] ?? rule
}
