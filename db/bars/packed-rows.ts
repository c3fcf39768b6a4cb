import { adjustmentRatio, ADJUSTMENTS, factorStepAt, roundedTo } from '../../market/adjust.ts'
import type { TradeDate } from '../../market/date.ts'
import { type ColumnLot, type LotColumn, scaledText, type Value } from '../column-lot.ts'
import type { FactorScale } from './factors.ts'
import { PackedReader } from './packed.ts'
import type { RowOptions, StoredBar } from './rows.ts'
import type { WholeBars } from './whole.ts'

/*
 * Packed bars as rows: one by one for what is made of them, and column by column where they are adjusted and nothing else. That is
 * what charts ask for, 7,000 days at a time.
 */

// Rows in one lot, some 300 KB of JSON.
const LOT = 1_000

/** The bars, some at a time. */
export async function* barsOf({ source, packed }: WholeBars): AsyncGenerator<StoredBar[]> {
  for (const [id, { bytes }] of piecesOf(packed)) {
    const reader = new PackedReader(bytes)
    while (!reader.isOver()) {
      const lot: StoredBar[] = []
      while (!reader.isOver() && lot.length < LOT) lot.push(barOf(id, reader, source))
      yield lot
    }
  }
}

const piecesOf = (packed: WholeBars['packed']) =>
  [...packed].flatMap(([id, pieces]) => pieces.map((piece) => [id, piece] as const))

function barOf(id: number, reader: PackedReader, source: string): StoredBar {
  reader.writer()
  const [date, isSt, volume] = [reader.date(), reader.flag(), reader.integer()]
  const [open, high, low, close] = [price(reader), price(reader), price(reader), price(reader)]
  const changes = [reader.decimal(), reader.decimal(), reader.decimal()] as const
  return [id, date, open, high, low, close, ...changes, volume, price(reader), isSt, source, false]
}

const price = (reader: PackedReader): string => reader.decimal() ?? ''

/** Daily bars, adjusted: the same rows as `adjustedRows` makes of them. In one lot all have the same factor. */
export async function* adjustedLots(
  { source, packed }: WholeBars,
  options: RowOptions,
): AsyncGenerator<ColumnLot> {
  const { adjust, decimals, symbols, scales } = options
  for (const [id, { bytes, count }] of piecesOf(packed)) {
    const symbol = symbols.get(id) ?? null
    const scale = scales.get(id)
    const reader = new PackedReader(bytes)
    const bars = new AdjustedBars(count, 10 ** decimals)
    while (!reader.isOver()) {
      const { factor, until } = factorStepAt(scale?.steps ?? [], reader.nextDate())
      const ratio = adjustmentRatio(adjust, factor, scale?.anchor ?? null)
      const ends = [source, ...endOf(options, scale, factor, ratio !== null)]
      const from = bars.count
      while (!reader.isOver() && reader.nextDate() < until) bars.add(reader, ratio ?? NaN)
      yield bars.lot(from, [symbol], ends)
    }
  }
}

/** What comes behind the source. */
function endOf(
  { source, adjust }: RowOptions,
  scale: FactorScale | undefined,
  factor: string | null,
  isAdjusted: boolean,
): Value[] {
  return [
    ...(source === 'best' ? [false] : []),
    isAdjusted,
    factor,
    ...(ADJUSTMENTS[adjust].anchored ? [scale?.anchor ?? null] : []),
    factor === null ? null : (scale?.source ?? null),
  ]
}

const same = (value: Value): LotColumn => ({ kind: 'same', value })
const PRICES = 5

/** The bars of one instrument. */
class AdjustedBars {
  count = 0
  readonly #power: number
  readonly #dates: TradeDate[] = []
  readonly #flags: (boolean | null)[] = []
  readonly #volumes: Float64Array
  /** Open, high, low, close, pre_close. */
  readonly #prices: readonly Float64Array[]
  readonly #changes: Float64Array
  readonly #percents: DecimalColumn
  readonly #amounts: DecimalColumn

  constructor(count: number, power: number) {
    this.#power = power
    this.#volumes = new Float64Array(count)
    this.#prices = Array.from({ length: PRICES }, () => new Float64Array(count))
    this.#changes = new Float64Array(count)
    this.#percents = new DecimalColumn(count)
    this.#amounts = new DecimalColumn(count)
  }

  /** @param ratio NaN: there is no factor, and no prices */
  add(reader: PackedReader, ratio: number): void {
    const row = this.count++
    reader.writer()
    this.#dates.push(reader.date())
    this.#flags.push(reader.flag())
    this.#volumes[row] = reader.integer()
    this.#addPrices(reader, ratio, row)
    reader.skipDecimal()
    this.#percents.add(reader, row)
    this.#amounts.add(reader, row)
  }

  #addPrices(reader: PackedReader, ratio: number, row: number): void {
    const power = this.#power
    let price = NaN
    let before = NaN
    for (const column of this.#prices) {
      before = price
      price = reader.number() * ratio
      column[row] = roundedTo(price, power)
    }
    // The last two were close and pre_close.
    this.#changes[row] = roundedTo(before - price, power)
  }

  /** Those from a row on, between values that are the same in all of them. */
  lot(from: number, begin: readonly Value[], end: readonly Value[]): ColumnLot {
    const numbers = (all: Float64Array): LotColumn => ({ kind: 'numbers', values: all.subarray(from) })
    const columns: LotColumn[] = [
      ...begin.map(same),
      { kind: 'values', values: this.#dates.slice(from) },
      ...this.#prices.map(numbers),
      numbers(this.#changes),
      this.#percents.from(from),
      numbers(this.#volumes),
      this.#amounts.from(from),
      { kind: 'values', values: this.#flags.slice(from) },
      ...end.map(same),
    ]
    return { count: this.count - from, columns }
  }
}

/** Decimals as they are stored; as texts from the first one on that is too long to be exact otherwise. */
class DecimalColumn {
  readonly #digits: Float64Array
  readonly #places: Uint8Array
  #texts: (string | null)[] | null = null

  constructor(count: number) {
    this.#digits = new Float64Array(count)
    this.#places = new Uint8Array(count)
  }

  add(reader: PackedReader, row: number): void {
    if (this.#texts !== null) this.#texts.push(reader.decimal())
    else if (!reader.scaled(this.#digits, this.#places, row)) {
      this.#texts = Array.from(this.#digits.subarray(0, row), (digits, i) =>
        Number.isNaN(digits) ? null : scaledText(digits, this.#places[i] ?? 0),
      )
      this.#texts.push(reader.decimal())
    }
  }

  from(row: number): LotColumn {
    return this.#texts === null
      ? { kind: 'scaled', digits: this.#digits.subarray(row), places: this.#places.subarray(row) }
      : { kind: 'values', values: this.#texts.slice(row) }
  }
}
