import {
  adjustmentRatio,
  ADJUSTMENTS,
  factorStepAt,
  roundAll,
  scaleAll,
  setDifferences,
} from '../../market/adjust.ts'
import { firstPlace } from '../../market/first-place.ts'
import type { ColumnLot, LotColumn, Value } from '../column-lot.ts'
import type { TextRows } from '../text-rows.ts'
import type { FactorScale } from './factors.ts'
import type { RowOptions, StoredBar } from './rows.ts'
import { CELLS, type WholeBars } from './whole.ts'

/*
 * Bars that were read whole as rows: one by one for what is made of them, and column by column where they stay days. That is what
 * charts ask for, 7,000 days at a time.
 */

// Rows in one lot, some 300 KB of JSON.
const LOT = 1_000

/** The bars, some at a time. */
export async function* barsOf({ source, parts }: WholeBars): AsyncGenerator<StoredBar[]> {
  for (const { id, bars } of parts) {
    for (let from = 0; from < bars.count; from += LOT) {
      const count = Math.min(LOT, bars.count - from)
      yield Array.from({ length: count }, (_, i) => barOf(id, bars, from + i, source))
    }
  }
}

function barOf(id: number, bars: TextRows, row: number, source: string): StoredBar {
  const text = (cell: number): string | null => bars.text(row, cell)
  const price = (cell: number): string => text(cell) ?? ''
  return [
    ...([id, price(CELLS.trade_date)] as const),
    ...([price(CELLS.open), price(CELLS.high), price(CELLS.low), price(CELLS.close)] as const),
    ...([text(CELLS.pre_close), text(CELLS.change), text(CELLS.pct_chg)] as const),
    ...([bars.number(row, CELLS.volume), price(CELLS.amount)] as const),
    ...([bars.flag(row, CELLS.is_st), source, false] as const),
  ]
}

/** Daily bars as they are stored: the same rows as `storedRows` makes of them. */
export async function* storedLots(
  { source, parts }: WholeBars,
  { symbols, ...options }: RowOptions,
): AsyncGenerator<ColumnLot> {
  const end = [source, ...disputedOf(options)]
  for (const { id, bars } of parts) {
    const begin = [symbols.get(id) ?? null]
    for (let from = 0; from < bars.count; from += LOT) {
      const rows = { bars, from, to: Math.min(from + LOT, bars.count) }
      const prices = [...PRICES, CELLS.change].map((cell) => cells(rows, cell, 'text'))
      yield lotOf(rows, prices, { begin, end })
    }
  }
}

/**
 * Daily bars, adjusted: the same rows as `adjustedRows` makes of them. In one lot all have the same factor. A lot holds until the
 * next one is asked for, which takes its place: so little is left for the garbage collector.
 */
export async function* adjustedLots(
  { source, parts }: WholeBars,
  options: RowOptions,
): AsyncGenerator<ColumnLot> {
  const { adjust, decimals, symbols, scales } = options
  const place = Array.from({ length: PRICES.length + 1 }, () => new Float64Array(LOT))
  for (const { id, bars } of parts) {
    const symbol = symbols.get(id) ?? null
    const scale = scales.get(id)
    for (let from = 0; from < bars.count;) {
      const { factor, until } = factorStepAt(scale?.steps ?? [], bars.text(from, CELLS.trade_date) ?? '')
      const ratio = adjustmentRatio(adjust, factor, scale?.anchor ?? null)
      const ends = [source, ...endOf(options, scale, factor, ratio !== null)]
      const rows = { bars, from, to: Math.min(firstFrom(bars, until, from), from + LOT) }
      const numbers = adjustedNumbers(rows, { ratio: ratio ?? NaN, decimals }, place)
      const prices = numbers.map((values): LotColumn => ({ kind: 'numbers', values }))
      yield lotOf(rows, prices, { begin: [symbol], end: ends })
      from = rows.to
    }
  }
}

/** The first row from a day on, behind a row. */
const firstFrom = (bars: TextRows, date: string, row: number): number =>
  firstPlace(row + 1, bars.count, (i) => (bars.text(i, CELLS.trade_date) ?? '') < date)

/** Nobody disputes the only source; who names one is not told. */
const disputedOf = ({ source }: Pick<RowOptions, 'source'>): Value[] => (source === 'best' ? [false] : [])

/** What comes behind the source. */
function endOf(
  options: RowOptions,
  scale: FactorScale | undefined,
  factor: string | null,
  isAdjusted: boolean,
): Value[] {
  return [
    ...disputedOf(options),
    isAdjusted,
    factor,
    ...(ADJUSTMENTS[options.adjust].anchored ? [scale?.anchor ?? null] : []),
    factor === null ? null : (scale?.source ?? null),
  ]
}

const same = (value: Value): LotColumn => ({ kind: 'same', value })
const PRICES = [CELLS.open, CELLS.high, CELLS.low, CELLS.close, CELLS.pre_close] as const

const NO_PRICES = new Float64Array()

interface Rows {
  bars: TextRows
  from: number
  /** The first one that is none of them. */
  to: number
}

/**
 * Prices of rows and their changes, written into a place.
 *
 * @param ratio NaN: there is no factor, and no prices
 */
function adjustedNumbers(
  { bars, from, to }: Rows,
  { ratio, decimals }: { ratio: number; decimals: number },
  place: readonly Float64Array[],
): Float64Array[] {
  const count = to - from
  const all = place.map((values) => values.subarray(0, count))
  for (const [i, cell] of PRICES.entries()) {
    const prices = all[i] ?? NO_PRICES
    bars.numbers(from, cell, prices)
    scaleAll(prices, ratio)
  }
  const [, , , close = NO_PRICES, before = NO_PRICES, changes = NO_PRICES] = all
  setDifferences(changes, close, before)
  for (const values of all) roundAll(values, decimals)
  return all
}

const cells = ({ bars, from }: Rows, cell: number, of: 'text' | 'number' | 'flag'): LotColumn => ({
  kind: 'cells',
  rows: bars,
  ...{ cell, from, of },
})

/** Rows with their prices, between values that are the same in all of them. */
function lotOf(
  rows: Rows,
  prices: readonly LotColumn[],
  { begin, end }: { begin: readonly Value[]; end: readonly Value[] },
): ColumnLot {
  const count = rows.to - rows.from
  return {
    count,
    columns: [
      ...begin.map(same),
      cells(rows, CELLS.trade_date, 'text'),
      ...prices,
      cells(rows, CELLS.pct_chg, 'text'),
      cells(rows, CELLS.volume, 'number'),
      cells(rows, CELLS.amount, 'text'),
      cells(rows, CELLS.is_st, 'flag'),
      ...end.map(same),
    ],
  }
}
